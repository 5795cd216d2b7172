/**
 * The pages: React in a browser, standing on the typed client (sdk/) and the pure rules of prompts (prompt/) alone.
 * What they can do, an application can do, too.
 *
 * This file starts them.
 */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { watchConnection } from "./connection.ts";
import { followHistory } from "./navigation.tsx";
import { followOtherTabs } from "./session.ts";
import { ErrorBoundary, Failed } from "./shell/error-boundary.tsx";

const place = document.getElementById("app");
if (!place) throw new Error("index.html has no place for the pages");
followHistory();
followOtherTabs();
watchConnection();
createRoot(place).render(
  <StrictMode>
    <ErrorBoundary instead={<Failed />}>
      <App />
    </ErrorBoundary>
  </StrictMode>,
);
