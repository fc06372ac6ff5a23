import { createRoot } from "react-dom/client";
import "./ui/tokens.css";
import "./ui/ui.css";
import "./nodes/node.css";
import "./nodes/widgets/widgets.css";
import "./features/features.css";
import "./features/gallery/gallery.css";
import "./features/history/history.css";
import "./features/missing/missing.css";
import "./features/tabs/tabs.css";
import "./features/packs/packs.css";
import "./features/shell.css";
import "./app/app.css";
import { HttpApi } from "./api/http";
import { App } from "./app/App";
import { keepApplied } from "./features/settings/apply";
import { speakAsSet } from "./features/settings/language";
import { SettingsStore } from "./features/settings/settings";

// Before anything is drawn: as it was set the last time.
const settings = new SettingsStore(new HttpApi());
keepApplied(settings, () => {})();
void speakAsSet(settings.get()).then(() => {
  createRoot(document.getElementById("root") as HTMLElement).render(<App />);
});
