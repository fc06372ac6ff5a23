import { createRoot } from "react-dom/client";
import "./ui/tokens.css";
import "./ui/ui.css";
import "./nodes/node.css";
import "./nodes/widgets/widgets.css";
import "./features/features.css";
import "./app/app.css";
import { App } from "./app/App";
import { applyTheme, currentTheme } from "./features/theme/theme";

applyTheme(currentTheme());
createRoot(document.getElementById("root") as HTMLElement).render(<App />);
