import { Camera, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { t } from "../../lib/t";
import { Button } from "../../ui/Button";
import { reportDevice } from "./CaptureWidget";

interface Props {
  readonly onPicture: (picture: Blob) => void;
  readonly onClose: () => void;
}

/** What the camera sees, until a picture is taken. The camera is off again when this closes. */
export function CameraDialog({ onPicture, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const [ready, setReady] = useState(false);
  useEffect(() => {
    const screen = video.current;
    dialog.current?.showModal();
    let stream: MediaStream | null = null;
    let gone = false;
    navigator.mediaDevices
      .getUserMedia({ video: { width: { ideal: 1920 }, height: { ideal: 1080 } } })
      .then((opened) => {
        stream = opened;
        if (gone) stop(opened);
        else if (screen) screen.srcObject = opened;
      })
      .catch((error: Error) => {
        reportDevice("camera", error);
        onClose();
      });
    return () => {
      gone = true;
      if (stream) stop(stream);
      // With a stream of its own it would be kept, and all around it.
      if (screen) screen.srcObject = null;
    };
  }, [onClose]);
  const take = () => {
    const frame = video.current;
    if (!frame) return;
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [frame.videoWidth, frame.videoHeight];
    canvas.getContext("2d")?.drawImage(frame, 0, 0);
    canvas.toBlob((picture) => picture && onPicture(picture), "image/png");
  };
  return createPortal(
    <dialog ref={dialog} className="camera" aria-label={t("Camera")} onClose={onClose}>
      <video
        ref={video}
        aria-label={t("What the camera sees")}
        autoPlay
        playsInline
        muted
        onPlaying={() => setReady(true)}
      />
      <div className="camera-bar">
        <Button kind="primary" icon={<Camera size={16} aria-hidden />} disabled={!ready} onClick={take}>
          {t("Take picture")}
        </Button>
        <Button label={t("Close")} icon={<X size={16} aria-hidden />} onClick={onClose} />
      </div>
    </dialog>,
    document.body,
  );
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
