/** promptlib user: the people who may sign in. */
import { type Command, Option } from "commander";
import type { ChangeUser, Client, Role, User } from "../sdk/index.ts";
import { connect } from "./connect.ts";
import { localTime, note, print, printJson } from "./output.ts";
import { type ChosenPassword, choosePassword } from "./password.ts";
import { type Column, printTable } from "./table.ts";
import { registerReset } from "./user-reset.ts";
import { examples, jsonOption, projectOption, usage } from "./verb.ts";

interface UserOptions {
  project?: string;
  json?: true;
}
interface PasswordOptions extends UserOptions {
  passwordStdin?: true;
}
interface AddOptions extends PasswordOptions {
  operator?: true;
  role?: Role;
}

const roles: readonly Role[] = ["owner", "admin", "editor", "viewer"];

export function registerUser(program: Command): void {
  const user = program
    .command("user")
    .summary("add and list users, set and reset passwords, disable, give roles and the operator's right")
    .description("Add and list users, set and reset passwords, disable, give roles and the operator's right.");
  registerAdd(user);
  const list = user.command("list").description("List all users.").action(listUsers);
  examples(jsonOption(list), "promptlib user list");
  const password = user
    .command("password <name>")
    .description("Set a new password; it ends the user's sessions.")
    .option("--password-stdin", "read the password from standard input")
    .action(setPassword);
  examples(jsonOption(password), "promptlib user password eva");
  registerReset(user);
  for (const disabled of [true, false]) {
    const verb = disabled ? "disable" : "enable";
    const command = user
      .command(`${verb} <name>`)
      .description(disabled ? "Let a user sign in no more, and end the sessions." : "Let a user sign in again.")
      .action((name: string, options: UserOptions) => change(name, { disabled }, options, `${name} is ${verb}d.`));
    examples(jsonOption(command), `promptlib user ${verb} eva`);
  }
  const operator = user
    .command("operator <name>")
    .description("Make a user operator of the instance; it ends the sessions, so that new ones carry the right.")
    .option("--remove", "take the right away")
    .action(setOperator);
  examples(jsonOption(operator), "promptlib user operator eva", "promptlib user operator eva --remove");
  const role = user
    .command("role <name> <role>")
    .description(`Give a user a role in the project: ${roles.join(", ")}, or none to take it away.`)
    .action(setRole);
  projectOption(jsonOption(role));
  examples(role, "promptlib user role eva editor --project website");
}

function registerAdd(user: Command): void {
  const add = user
    .command("add <name>")
    .description("Add a user. The password is asked for on a terminal; elsewhere one is made and printed once.")
    .option("--operator", "manages users and projects and reads the audit log; no prompts without a role")
    .addOption(new Option("--role <role>", "the role in the project").choices(roles))
    .option("--password-stdin", "read the password from standard input")
    .action(addUser);
  projectOption(jsonOption(add));
  examples(add, "promptlib user add eva --role editor", "promptlib user add ada --operator --password-stdin < file");
}

async function clientOf({ project }: UserOptions) {
  return (await connect({ project })).client;
}

async function addUser(username: string, options: AddOptions): Promise<void> {
  const client = await clientOf(options);
  const chosen = await choosePassword(options.passwordStdin === true);
  const { password } = chosen;
  const added = await client.createUser({ username, password, ...(options.operator ? { operator: true } : {}) });
  const user = options.role ? await withRole(client, added, options.role, chosen) : added;
  showUser(user, chosen, options, `${username} was added.`);
}

/** Whatever comes of the role, the user is there, and nobody else knows the password. */
async function withRole(client: Client, added: User, role: Role, { password, made }: ChosenPassword): Promise<User> {
  const { username } = added;
  let done = "without the role";
  try {
    await client.setMember(username, role);
    done = "with the role";
    return (await client.listUsers()).items.find((each) => each.username === username) ?? added;
  } catch (error) {
    note(`${username} was added, ${done}.${made ? ` The password is shown this once: ${password}` : ""}`);
    throw error;
  }
}

async function setPassword(username: string, options: PasswordOptions): Promise<void> {
  const client = await clientOf(options);
  const chosen = await choosePassword(options.passwordStdin === true);
  const user = await client.changeUser(username, { password: chosen.password });
  showUser(user, chosen, options, `${username} has a new password.`);
}

/** A password that was made stands alone on standard output, so that it can be passed on. */
function showUser(user: User, { password, made }: ChosenPassword, { json }: UserOptions, done: string): void {
  if (json) printJson(made ? { ...user, password } : user);
  else if (!made) print(done);
  else {
    note(`${done} The password is shown this once:`);
    print(password);
  }
}

async function change(username: string, body: ChangeUser, options: UserOptions, done: string): Promise<void> {
  const user = await (await clientOf(options)).changeUser(username, body);
  return options.json ? printJson(user) : print(done);
}

async function setOperator(username: string, options: UserOptions & { remove?: true }): Promise<void> {
  const done = `${username} is ${options.remove ? "no operator any more" : "operator"}.`;
  await change(username, { operator: !options.remove }, options, done);
}

async function setRole(username: string, given: string, options: UserOptions): Promise<void> {
  const role = roles.find((each) => each === given);
  if (!role && given !== "none") throw usage(`A role is ${roles.join(", ")} or none.`);
  const client = await clientOf(options);
  const where = options.project === undefined ? "the project" : options.project;
  if (!role) {
    await client.removeMember(username);
    return options.json ? printJson({ username, role: null }) : print(`${username} has no role in ${where} any more.`);
  }
  const member = await client.setMember(username, role);
  return options.json ? printJson(member) : print(`${username} is ${member.role} in ${where}.`);
}

async function listUsers(options: UserOptions): Promise<void> {
  const users = await (await clientOf(options)).listUsers();
  if (options.json) return printJson(users);
  printTable(columns, users.items);
}

const columns: readonly Column<User>[] = [
  { title: "NAME", cell: ({ username }) => username },
  { title: "OPERATOR", cell: ({ operator }) => (operator ? "yes" : ""), whole: true },
  {
    title: "ROLES",
    cell: ({ projects }) =>
      Object.entries(projects)
        .map(([project, role]) => `${role} in ${project}`)
        .join(", "),
  },
  { title: "STATE", cell: ({ disabled }) => (disabled ? "disabled" : ""), whole: true },
  { title: "CREATED", cell: ({ createdAt }) => localTime(createdAt), whole: true },
];
