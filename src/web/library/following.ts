/** The list follows what others do, and never moves under somebody who is at it. */
import { type RefObject, useEffect, useRef } from "react";
import { useHeardCalmly } from "../listening.ts";
import type { Listing } from "./listing.ts";

const LATER_MS = 1_000;

export function useFollowing(listing: Listing, place: RefObject<HTMLElement | null>): void {
  const present = useRef(listing);
  const timer = useRef(0);
  useEffect(() => {
    present.current = listing;
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  const follow = async () => {
    clearTimeout(timer.current);
    const outcome = await present.current.follow(() => !isReading(place.current));
    if (outcome === "later") timer.current = window.setTimeout(follow, LATER_MS);
  };
  useHeardCalmly(() => void follow());
}

/** Somebody scrolled into it, points into it or goes through it by keyboard. */
function isReading(list: HTMLElement | null): boolean {
  if (!list || document.hidden) return false;
  const scrolled = list.getBoundingClientRect().top < 0;
  return scrolled || list.matches(":hover") || list.contains(document.activeElement);
}
