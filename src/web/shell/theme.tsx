import { useState } from "react";

const KEY = "promptlib.theme";
type Theme = "system" | "light" | "dark";

/** index.html reads the same key before anything is drawn. */
export function ThemeChoice() {
  const [theme, setTheme] = useState<Theme>(() => {
    const { theme } = document.documentElement.dataset;
    return theme === "light" || theme === "dark" ? theme : "system";
  });
  const choose = (next: Theme) => {
    setTheme(next);
    if (next === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    try {
      if (next === "system") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, next);
    } catch {
      // without storage it lasts as long as the page
    }
  };
  return (
    <label className="field">
      <span>Theme</span>
      <select value={theme} onChange={(event) => choose(event.target.value as Theme)}>
        <option value="system">As the system has it</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </label>
  );
}
