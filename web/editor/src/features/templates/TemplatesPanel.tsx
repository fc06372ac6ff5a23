/** Workflows to begin with: those that are shipped, and the examples of packs. Each opens in a tab of its own. */
import { useEffect, useState } from "react";
import type { FileRef } from "../../api/types";
import { isArray, isObject } from "../../lib/json";
import { t } from "../../lib/t";
import { showToast } from "../../ui/toasts";
import { useEditor } from "../context";
import { usePictures } from "../usePictures";

interface Template {
  readonly title: string;
  readonly from: string;
  readonly file: string;
  /** In the person's folder of workflows. */
  readonly path?: string;
  /** That its pack may have beside it. */
  readonly picture?: string;
}

export function TemplatesPanel() {
  const editor = useEditor();
  const { api, tabs } = editor;
  const [list, setList] = useState<readonly Template[] | null>(null);
  const [query, setQuery] = useState("");
  const pictures = usePictures();
  useEffect(() => {
    let current = true;
    Promise.all([
      api.ask("../templates/index.json").then(readShelves, () => []),
      api.ask("workflow_templates").then(readPacks, () => []),
    ]).then(([own, packs]) => current && setList([...own, ...packs]));
    return () => {
      current = false;
    };
  }, [api]);
  const open = async ({ file, title }: Template) => {
    try {
      tabs.open(await api.ask(file), { name: title });
    } catch (error) {
      showToast({
        kind: "error",
        title: t("{name} cannot be opened", { name: title }),
        body: (error as Error).message,
      });
    }
  };
  if (!list) return <p className="panel-note">{t("Loading…")}</p>;
  const shown = list.filter(({ title, from }) =>
    `${title} ${from}`.toLowerCase().includes(query.toLowerCase()),
  );
  return (
    <>
      <div className="panel-tools">
        <input
          type="search"
          className="panel-search"
          aria-label={t("Search templates")}
          placeholder={t("Search templates")}
          value={query}
          onChange={(e) => setQuery(e.target.value)}
        />
      </div>
      {!shown.length && (
        <p className="panel-note">
          {query
            ? t("No template of this name.")
            : t("No templates yet: what lies in user_workflows/ is shown here.")}
        </p>
      )}
      <ul className="templates">
        {shown.map((template) => (
          <li key={template.file}>
            <button type="button" onClick={() => void open(template)}>
              <Picture template={template} made={template.path && pictures.get(template.path)} />
              <strong>{template.title}</strong>
              <span className="panel-quiet">{template.from}</span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

/** What it made last here, or what it is shipped with. */
function Picture({
  template,
  made,
}: {
  readonly template: Template;
  readonly made: FileRef | "" | undefined;
}) {
  const { api } = useEditor();
  const src = made ? api.viewUrl(made) : template.picture;
  return src && <img src={src} alt="" loading="lazy" onError={(e) => e.currentTarget.remove()} />;
}

/** Addresses are beside `api/`, where the editor asks. */
function readShelves(body: unknown): Template[] {
  const shelves = isArray(body) ? body.filter(isObject) : [];
  return shelves.flatMap((shelf) =>
    (isArray(shelf.templates) ? shelf.templates.filter(isObject) : []).map((entry) => ({
      title: String(entry.title || entry.name),
      from: String(shelf.title ?? ""),
      file: `../templates/${encodeURIComponent(String(entry.name))}.json`,
      path: `${entry.name}.json`,
    })),
  );
}

function readPacks(body: unknown): Template[] {
  if (!isObject(body)) return [];
  return Object.entries(body).flatMap(([pack, names]) =>
    (isArray(names) ? names.map(String) : []).map((name) => {
      const path = `workflow_templates/${encodeURIComponent(pack)}/${encodeURIComponent(name)}`;
      return { title: name, from: pack, file: `${path}.json`, picture: `api/${path}.jpg` };
    }),
  );
}
