/** A picture from the camera or a sound from the microphone; it is sent to the server, and the value names it. */
import { Camera, Mic, Square } from "lucide-react";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import type { CaptureSpec } from "../../graph/widgets";
import { t } from "../../lib/t";
import { showToast } from "../../ui/toasts";
import { pathOf } from "../fileRef";
import { useServices } from "../services";
import type { WidgetProps } from "./WidgetRow";

const CameraDialog = lazy(async () => ({ default: (await import("./CameraDialog")).CameraDialog }));

export function CaptureWidget(props: WidgetProps<CaptureSpec>) {
  return props.spec.of === "image" ? <CameraWidget {...props} /> : <MicrophoneWidget {...props} />;
}

function CameraWidget({ label, value, disabled, onChange }: WidgetProps<CaptureSpec>) {
  const [open, setOpen] = useState(false);
  const keep = useKeep("webcam", onChange);
  return (
    <>
      <button type="button" className="field field-action" disabled={disabled} onClick={() => setOpen(true)}>
        <Camera size={14} aria-hidden />
        <span className="field-label">{value ? t("Take another picture") : t("Take a picture")}</span>
        <span className="field-value">{label}</span>
      </button>
      {open && (
        <Suspense>
          <CameraDialog
            onPicture={(picture) => {
              setOpen(false);
              void keep(picture, "png");
            }}
            onClose={() => setOpen(false)}
          />
        </Suspense>
      )}
    </>
  );
}

function MicrophoneWidget({ label, value, disabled, onChange }: WidgetProps<CaptureSpec>) {
  const recorder = useRef<MediaRecorder | null>(null);
  const [recording, setRecording] = useState(false);
  const keep = useKeep("audio", onChange);
  useEffect(() => () => recorder.current?.stop(), []);
  const start = async () => {
    try {
      recorder.current = await record((sound) => {
        recorder.current = null;
        setRecording(false);
        void keep(sound, "webm");
      });
      setRecording(true);
    } catch (error) {
      reportDevice("microphone", error as Error);
    }
  };
  const Icon = recording ? Square : Mic;
  return (
    <button
      type="button"
      className="field field-action"
      data-recording={recording || undefined}
      disabled={disabled}
      onClick={() => (recording ? recorder.current?.stop() : void start())}
    >
      <Icon size={14} aria-hidden />
      <span className="field-label">
        {recording ? t("Stop and keep") : value ? t("Record again") : t("Record")}
      </span>
      <span className="field-value">{label}</span>
    </button>
  );
}

async function record(onSound: (sound: Blob) => void): Promise<MediaRecorder> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const recorder = new MediaRecorder(stream);
  const parts: Blob[] = [];
  recorder.ondataavailable = (e) => parts.push(e.data);
  recorder.onstop = () => {
    for (const track of stream.getTracks()) track.stop();
    onSound(new Blob(parts, { type: recorder.mimeType }));
  };
  recorder.start();
  return recorder;
}

/** Sends what was made to a folder of its own and writes its name into the widget. */
function useKeep(
  folder: string,
  onChange: (value: string) => void,
): (made: Blob, end: string) => Promise<void> {
  const { upload } = useServices();
  return async (made, end) => {
    const name = `${new Date().toISOString().replace(/\D/g, "").slice(0, 17)}.${end}`;
    try {
      const file = new File([made], name, { type: made.type });
      onChange(pathOf(await upload(file, { subfolder: folder, type: "input" })));
    } catch (error) {
      showToast({ kind: "error", title: t("What was recorded is not kept"), body: (error as Error).message });
    }
  };
}

export function reportDevice(device: "camera" | "microphone", error: Error): void {
  const isCamera = device === "camera";
  const body =
    error.name === "NotAllowedError"
      ? t("Allow this page to use it in the settings of the browser.")
      : error.name === "NotFoundError"
        ? isCamera
          ? t("No camera is connected.")
          : t("No microphone is connected.")
        : error.message;
  const title = isCamera ? t("The camera cannot be used") : t("The microphone cannot be used");
  showToast({ kind: "error", title, body });
}
