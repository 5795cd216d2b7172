import type { ChangeUser, LoginAnswer, NewKey, NewProject, NewUser } from "../contract/routes.ts";
import type {
  ApiKey,
  AuditEntry,
  CreatedKey,
  Identity,
  List,
  Member,
  Project,
  Role,
  User,
} from "../contract/shapes.ts";
import type { Transport } from "./transport.ts";

/** Who is asking, and who may what: sign-in, projects, members, keys, users, audit. */
export function accessCalls(transport: Transport) {
  return { ...sessionCalls(transport), ...projectCalls(transport), ...instanceCalls(transport) };
}

function sessionCalls({ body }: Transport) {
  return {
    /** Answers a token of 12 hours; give it to a client of its own. */
    login: (username: string, password: string) =>
      body<LoginAnswer>({ method: "POST", path: "/api/auth/login", body: { username, password } }),
    /** Ends the session of the token. */
    async logout(): Promise<void> {
      await body({ method: "POST", path: "/api/auth/logout" });
    },
    me: () => body<Identity>({ method: "GET", path: "/api/auth/me" }),
  };
}

function projectCalls({ body, project }: Transport) {
  const member = (username: string) => `/api/members/${encodeURIComponent(username)}`;
  return {
    listProjects: () => body<List<Project>>({ method: "GET", path: "/api/projects" }),
    createProject: (created: NewProject) => body<Project>({ method: "POST", path: "/api/projects", body: created }),
    listMembers: () => body<List<Member>>({ method: "GET", path: "/api/members", query: project }),
    setMember: (username: string, role: Role) =>
      body<Member>({ method: "PUT", path: member(username), query: project, body: { role } }),
    async removeMember(username: string): Promise<void> {
      await body({ method: "DELETE", path: member(username), query: project });
    },
    listKeys: () => body<List<ApiKey>>({ method: "GET", path: "/api/keys", query: project }),
    /** The only answer that ever holds the key itself. */
    createKey: (created: NewKey) =>
      body<CreatedKey>({ method: "POST", path: "/api/keys", query: project, body: created }),
    revokeKey: (id: string) =>
      body<ApiKey>({ method: "DELETE", path: `/api/keys/${encodeURIComponent(id)}`, query: project }),
  };
}

function instanceCalls({ body }: Transport) {
  return {
    listUsers: () => body<List<User>>({ method: "GET", path: "/api/users" }),
    createUser: (created: NewUser) => body<User>({ method: "POST", path: "/api/users", body: created }),
    changeUser: (username: string, change: ChangeUser) =>
      body<User>({ method: "PATCH", path: `/api/users/${encodeURIComponent(username)}`, body: change }),
    /** Last first. */
    listAudit: (page: { cursor?: string; limit?: number } = {}) =>
      body<List<AuditEntry>>({ method: "GET", path: "/api/audit", query: page }),
  };
}
