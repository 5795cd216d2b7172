/** What fails while it is drawn is told in its own place; without this, React takes the whole page away. */
import { Component, type ReactNode } from "react";

interface ErrorBoundaryProps {
  instead: ReactNode;
  children: ReactNode;
  /** What is drawn. After a fault, another is tried anew; without one, what is there goes on, which a `key` would end. */
  about?: unknown;
}

interface State {
  failed: boolean;
  about: unknown;
}

export class ErrorBoundary extends Component<ErrorBoundaryProps, State> {
  override state = { failed: false, about: this.props.about };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  static getDerivedStateFromProps({ about }: ErrorBoundaryProps, state: State): State | null {
    return about === state.about ? null : { failed: false, about };
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
