import type { ChangeUser, LoginAnswer, NewKey, NewProject, NewUser } from "../contract/routes.ts";
import type { ApiKey, CreatedKey, Identity, List, Member, Project, Role, User } from "../contract/shapes.ts";
import type { Transport } from "./transport.ts";

type AccessCalls = ReturnType<typeof sessionCalls> & ReturnType<typeof projectCalls> & ReturnType<typeof instanceCalls>;

/** Who is asking, and who may what: sign-in, projects, members, keys, users. */
export function accessCalls(transport: Transport): AccessCalls {
  return { ...sessionCalls(transport), ...projectCalls(transport), ...instanceCalls(transport) };
}

function sessionCalls({ body }: Transport) {
  return {
    /** Answers a token of 12 hours; give it to a client of its own. */
    login: (username: string, password: string): Promise<LoginAnswer> =>
      body({ method: "POST", path: "/api/auth/login", body: { username, password } }),
    /** Ends the session of the token. */
    async logout(): Promise<void> {
      await body({ method: "POST", path: "/api/auth/logout" });
    },
    me: (): Promise<Identity> => body({ method: "GET", path: "/api/auth/me" }),
  };
}

function projectCalls({ body, project }: Transport) {
  const member = (username: string) => `/api/members/${encodeURIComponent(username)}`;
  return {
    listProjects: (): Promise<List<Project>> => body({ method: "GET", path: "/api/projects" }),
    createProject: (created: NewProject): Promise<Project> =>
      body({ method: "POST", path: "/api/projects", body: created }),
    listMembers: (): Promise<List<Member>> => body({ method: "GET", path: "/api/members", query: project }),
    setMember: (username: string, role: Role): Promise<Member> =>
      body({ method: "PUT", path: member(username), query: project, body: { role } }),
    async removeMember(username: string): Promise<void> {
      await body({ method: "DELETE", path: member(username), query: project });
    },
    listKeys: (): Promise<List<ApiKey>> => body({ method: "GET", path: "/api/keys", query: project }),
    /** The only answer that ever holds the key itself. */
    createKey: (created: NewKey): Promise<CreatedKey> =>
      body({ method: "POST", path: "/api/keys", query: project, body: created }),
    revokeKey: (id: string): Promise<ApiKey> =>
      body({ method: "DELETE", path: `/api/keys/${encodeURIComponent(id)}`, query: project }),
  };
}

function instanceCalls({ body }: Transport) {
  return {
    listUsers: (): Promise<List<User>> => body({ method: "GET", path: "/api/users" }),
    createUser: (created: NewUser): Promise<User> => body({ method: "POST", path: "/api/users", body: created }),
    changeUser: (username: string, change: ChangeUser): Promise<User> =>
      body({ method: "PATCH", path: `/api/users/${encodeURIComponent(username)}`, body: change }),
  };
}
