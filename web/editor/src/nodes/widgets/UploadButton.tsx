/** Chooses a file and sends it to the server. */
import { Upload as UploadIcon } from "lucide-react";
import { useRef } from "react";
import type { NodeId } from "../../graph/records";
import type { Upload } from "../../graph/widgets";
import { type Label, t } from "../../lib/t";
import { useServices } from "../services";

interface Props {
  readonly id: NodeId;
  readonly name: string;
  readonly kind: Upload;
  readonly disabled: boolean;
}

const KINDS: Readonly<Record<Upload, Label>> = {
  image: () => t("image"),
  audio: () => t("audio"),
  video: () => t("video"),
  file: () => t("file"),
};

export function UploadButton({ id, name, kind, disabled }: Props) {
  const { uploadInto } = useServices();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        className="field-side"
        disabled={disabled}
        aria-label={t("Upload {kind}", { kind: KINDS[kind]() })}
        title={t("Upload {kind}; or paste it, or drop it on the node", { kind: KINDS[kind]() })}
        onClick={() => input.current?.click()}
      >
        <UploadIcon size={14} aria-hidden />
      </button>
      <input
        ref={input}
        type="file"
        hidden
        accept={kind === "file" ? undefined : `${kind}/*`}
        onChange={(e) => {
          const file = e.target.files?.[0];
          if (file) void uploadInto(id, name, file);
          e.target.value = "";
        }}
      />
    </>
  );
}
