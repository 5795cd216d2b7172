/** A page opened without the right to it: what it would take, calmly. The server refuses in any case. */
import { EVERYTHING } from "../address.ts";
import { Link } from "../navigation.tsx";
import { useTitle } from "../shell/page.tsx";

interface NotYoursProps {
  title: string;
  /** Who has the right, as a sentence. */
  needs: string;
}

export function NotYours({ title, needs }: NotYoursProps) {
  useTitle(title);
  return (
    <section className="empty">
      <h1 tabIndex={-1}>{title}</h1>
      <p>{needs}</p>
      <Link className="button" to={{ at: "library", filter: EVERYTHING }}>
        To the library
      </Link>
    </section>
  );
}

export const FOR_OPERATORS = "This page is for operators of the library. An operator makes another one.";

export function forAdmins(project: string | null): string {
  if (project === null) return "This page is about a project, and you are in none. An admin of a project takes you in.";
  return `This page is for owners and admins of the project ${project}. They give that role.`;
}
