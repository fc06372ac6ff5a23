/** The packs that have scripts in the page: what they added, what went wrong, and the way to do without them. */
import { TriangleAlert } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { registry } from "../../actions";
import { t } from "../../lib/t";
import { Button } from "../../ui/Button";
import { useEditor } from "../context";
import { type Pack, packs } from "./packs";
import { isOff, safeAddress, switchPack, unsafeAddress } from "./safeMode";

export function PacksPanel() {
  const { list, safe } = useStore(packs);
  return (
    <>
      <div className="panel-note">
        {safe ? (
          <>
            <p>{t("Safe mode: no script of a pack was loaded. Nodes of packs work all the same.")}</p>
            <Button kind="plain" onClick={() => location.assign(unsafeAddress())}>
              {t("Load the packs")}
            </Button>
          </>
        ) : (
          <Button kind="plain" onClick={() => location.assign(safeAddress())}>
            {t("Start without packs")}
          </Button>
        )}
      </div>
      <Tools />
      <ul className="panel-list">
        {list.map((pack) => (
          <PackRow key={pack.name} pack={pack} />
        ))}
      </ul>
    </>
  );
}

function PackRow({ pack: { name, scripts, problems, deprecated } }: { readonly pack: Pack }) {
  const { api } = useEditor();
  const added = useStore(registry, (state) => state.added.filter((action) => action.pack === name).length);
  const [off, setOff] = useState(() => isOff(name));
  return (
    <li className="pack" data-failed={problems.length > 0 || undefined}>
      <div className="pack-head">
        {problems.length > 0 && <TriangleAlert size={14} aria-label={t("Failed")} />}
        <strong>{name}</strong>
        <label>
          <input
            type="checkbox"
            checked={!off}
            onChange={(e) => {
              setOff(!e.target.checked);
              void switchPack(api, name, e.target.checked);
            }}
          />
          {t("Load")}
        </label>
      </div>
      <p className="panel-quiet">
        {t("{count} {count|script|scripts}", { count: scripts.length })}
        {added > 0 && ` · ${t("{count} {count|command|commands}", { count: added })}`}
        {off !== isOff(name, true) && ` · ${t("after the next reload")}`}
      </p>
      {problems.map(({ where, message, stack }) => (
        <details key={`${where}\n${message}`}>
          <summary>
            {where}: {message}
          </summary>
          <pre>{stack}</pre>
        </details>
      ))}
      {deprecated.map((line) => (
        <p key={line} className="panel-quiet">
          {t("Old way: {line}", { line })}
        </p>
      ))}
    </li>
  );
}

/** Buttons that packs put into what was ComfyUI's menu. */
function Tools() {
  const host = useRef<HTMLDivElement>(null);
  const tools = useStore(packs, (state) => state.tools);
  useEffect(() => {
    if (tools) host.current?.append(tools);
  }, [tools]);
  return <div ref={host} className="pack-tools-host" />;
}
