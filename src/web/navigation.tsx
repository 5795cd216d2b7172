/** Going from page to page without loading anew: the history, links, and where one had scrolled to. */
import { type AnchorHTMLAttributes, useSyncExternalStore } from "react";
import { type Address, type Page, parseAddress, printAddress } from "./address.ts";

const listeners = new Set<() => void>();
let present = read();

function read(): Address {
  return parseAddress(location.pathname, location.search);
}

function moved(): void {
  present = read();
  for (const listener of listeners) listener();
}

/** Called once: from here on the pages follow the history, and put the scroll where it was. */
export function followHistory(): void {
  history.scrollRestoration = "manual";
  addEventListener("popstate", (event) => {
    moved();
    const state: { y?: unknown } | null = event.state;
    const y = typeof state?.y === "number" ? state.y : 0;
    requestAnimationFrame(() => scrollTo({ top: y, behavior: "instant" }));
  });
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useAddress(): Address {
  return useSyncExternalStore(subscribe, () => present);
}

/** What of the address one depends on: each letter that is typed in the list is another address. */
export function useOfAddress<T>(pick: (address: Address) => T): T {
  return useSyncExternalStore(subscribe, () => pick(present));
}

const projectOf = ({ project }: Address) => project;

/** `replace`: the same page, said more exactly; going back does not come by it. */
export function go(address: Address, { replace = false } = {}): void {
  const url = printAddress(address);
  if (replace) history.replaceState(history.state, "", url);
  else {
    history.replaceState({ y: scrollY }, "");
    history.pushState(null, "", url);
    scrollTo({ top: 0, behavior: "instant" });
  }
  moved();
}

interface LinkProps extends Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "href"> {
  to: Page;
  /** Another project than the present one. */
  project?: string | null;
}

export function Link({ to, project, ...rest }: LinkProps) {
  const here = useOfAddress(projectOf);
  const address = { project: project === undefined ? here : project, page: to };
  return (
    <a
      {...rest}
      href={printAddress(address)}
      onClick={(event) => {
        if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        go(address);
      }}
    />
  );
}
