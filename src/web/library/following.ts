/** The list follows what others do, and never moves under somebody who is at it. */
import { type RefObject, useEffect, useRef, useState } from "react";
import { useHeardCalmly } from "../listening.ts";
import type { Listing } from "./listing.ts";
import { untilDone } from "./until-done.ts";

export function useFollowing(listing: Listing, place: RefObject<HTMLElement | null>): void {
  const present = useRef(listing);
  const turn = useRef<AbortController>(null);
  const [took, setTook] = useState(0);
  useEffect(() => {
    present.current = listing;
  });
  useEffect(() => () => turn.current?.abort(), []);
  const attempt = async () => {
    const begun = performance.now();
    const outcome = await present.current.follow(() => !isReading(place.current));
    setTook(performance.now() - begun);
    return outcome;
  };
  const follow = () => {
    turn.current?.abort();
    turn.current = new AbortController();
    void untilDone(attempt, turn.current.signal);
  };
  useHeardCalmly(follow, took);
}

/** Somebody scrolled into it, points into it or goes through it by keyboard. */
function isReading(list: HTMLElement | null): boolean {
  if (!list || document.hidden) return false;
  const scrolled = list.getBoundingClientRect().top < 0;
  return scrolled || list.matches(":hover") || list.contains(document.activeElement);
}
