/** The roles in a project, as people are told of them. */
import type { Role } from "../../sdk/index.ts";

export const ROLES: readonly { role: Role; may: string }[] = [
  { role: "viewer", may: "reads and tries prompts" },
  { role: "editor", may: "also saves prompts, moves labels that are not protected, imports, trashes" },
  { role: "admin", may: "also manages members and API keys, protects labels, reads the audit log" },
  { role: "owner", may: "also says who is owner" },
];

interface RoleChoiceProps {
  legend: string;
  role: Role;
  /** Only an owner makes one. */
  mayMakeOwners: boolean;
  onChoose(role: Role): void;
}

export function RoleChoice({ legend, role, mayMakeOwners, onChoose }: RoleChoiceProps) {
  return (
    <fieldset className="options">
      <legend>{legend}</legend>
      {ROLES.map((one) => (
        <label key={one.role}>
          <input
            type="radio"
            name="role"
            checked={role === one.role}
            disabled={one.role === "owner" && !mayMakeOwners}
            onChange={() => onChoose(one.role)}
          />
          <span>
            <strong>{one.role}</strong>{" "}
            <small>{one.role === "owner" && !mayMakeOwners ? "only an owner makes another one" : one.may}</small>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
