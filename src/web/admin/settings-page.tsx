/** The configuration in force: each value and where it comes from. Nothing is changed here. */
import { useId } from "react";
import type { ShownSetting } from "../../sdk/index.ts";
import { clientOf } from "../calls.ts";
import { type RoomProps, useTitle } from "../shell/page.tsx";
import { NotCurrent, useKnown } from "./known.tsx";
import { FOR_OPERATORS, NotYours } from "./not-yours.tsx";

export default function SettingsPage({ identity }: RoomProps) {
  if (!identity.operator) return <NotYours title="Settings" needs={FOR_OPERATORS} />;
  return <Settings />;
}

function Settings() {
  useTitle("Settings");
  const known = useKnown("settings", () => clientOf(null).readSettings());
  const groups = [...Map.groupBy(known.value?.value.items ?? [], ({ group }) => group)];
  return (
    <>
      <div className="page-head">
        <div>
          <h1 tabIndex={-1}>Settings</h1>
          <p className="hint">
            What is in force on this server. They come from its environment and are read when it starts: change them
            there and start it anew. Of a secret it is only said whether it is given.
          </p>
        </div>
      </div>
      <NotCurrent known={known} what="The settings" />
      <div className="stack">
        {groups.map(([group, settings]) => (
          <Group key={group} name={group} settings={settings} />
        ))}
      </div>
    </>
  );
}

function Group({ name, settings }: { name: string; settings: readonly ShownSetting[] }) {
  const id = useId();
  return (
    <section className="card" aria-labelledby={id}>
      <h2 id={id}>{name}</h2>
      <dl className="setting-list">
        {settings.map((setting) => (
          <div key={setting.name} data-given={setting.origin === "environment" || setting.origin === "file"}>
            <dt>
              <code>{setting.name}</code>
            </dt>
            <dd>
              <Value setting={setting} />
              <p className="hint">{setting.about}</p>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Value({ setting: { name, value, secret, origin } }: { setting: ShownSetting }) {
  if (origin === "unset") return <p className="setting-value soft">unset</p>;
  return (
    <p className="setting-value">
      {value === null ? <span>given, not shown</span> : <code>{value}</code>}
      <span className={origin === "default" ? "chip tag" : "chip label"}>
        {origin === "file"
          ? `from the file of ${name}_FILE`
          : origin === "default"
            ? "default"
            : "from the environment"}
      </span>
      {secret && <span className="chip tag">secret</span>}
    </p>
  );
}
