/** What was loaded, with when: shown on while it cannot be loaded anew, and its age is said then. */
import { type Loaded, useLoaded } from "../calls.ts";
import { Failure, isToldByBanner } from "../shell/failure.tsx";
import { When } from "../shell/when.tsx";

export interface Known<T> {
  at: string;
  value: T;
}

export function useKnown<T>(key: string, load: () => Promise<T>): Loaded<Known<T>> {
  // Beside what is kept without its time.
  return useLoaded(`known ${key}`, async () => {
    const value = await load();
    return { at: new Date().toISOString(), value };
  });
}

/** `what`: a noun in the plural, like “The keys”. Nothing while all is well. */
export function NotCurrent({ known, what }: { known: Loaded<Known<unknown>>; what: string }) {
  const { value, error } = known;
  if (!error) return value || !known.loading ? null : <p className="count">Loading …</p>;
  if (!value) return <Failure error={error} what={`${what} cannot be shown now.`} />;
  return (
    <>
      <p className="note">
        {what} as they were known <When at={value.at} />.
      </p>
      {!isToldByBanner(error) && <Failure error={error} />}
    </>
  );
}
