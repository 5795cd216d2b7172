/** What fails while it is drawn is told in its own place; without this, React takes the whole page away. */
import { Component, type ReactNode } from "react";

export class ErrorBoundary extends Component<{ instead: ReactNode; children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    return this.state.failed ? this.props.instead : this.props.children;
  }
}

/** Drafts are kept outside of what is drawn. */
export function Failed() {
  return (
    <section className="empty" role="alert">
      <h1 tabIndex={-1}>This page failed</h1>
      <p>
        It has a fault of its own; what you wrote here and have not saved is kept in this browser. The console of the
        browser says what it was: please report it.
      </p>
      <button type="button" onClick={() => location.reload()}>
        Load it again
      </button>
    </section>
  );
}
