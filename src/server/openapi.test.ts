/** The printed description is valid, whole, and good enough to make a client from. */
import { Validator } from "@seriousme/openapi-schema-validator";
import { type Document, OpenAPIClientAxios } from "openapi-client-axios";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshServer, newKey, type Served } from "../../test/support/server.ts";
import { errorTable, isErrorCode } from "../contract/errors.ts";
import type { Route } from "../contract/route.ts";
import { routes } from "../contract/routes.ts";
import { openApi } from "./openapi.ts";

interface Operation {
  operationId: string;
  parameters: { name: string; in: string; required: boolean; schema: Record<string, unknown> }[];
  responses: Record<string, { description: string; content?: Record<string, unknown> }>;
  security?: unknown[];
}

describe("the OpenAPI description", () => {
  const described = JSON.parse(JSON.stringify(openApi()));
  const operationOf = ({ method, path }: Route): Operation => described.paths[path]?.[method.toLowerCase()];

  it("is valid OpenAPI 3.1", async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(described));
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
    expect(described.openapi).toMatch(/^3\.1\./);
  });

  it("has every route, and each route's answers and errors by their status", () => {
    for (const [id, route] of Object.entries<Route>(routes)) {
      const operation = operationOf(route);
      expect(operation?.operationId, id).toBe(id);
      for (const status of Object.keys(route.answers)) expect(operation.responses, id).toHaveProperty(status);
      for (const code of route.errors) {
        const status = errorTable[code].status;
        if (!Object.hasOwn(route.answers, status)) {
          expect(operation.responses[status]?.description, `${id} ${code}`).toContain(`${code}:`);
        }
      }
    }
  });

  it("documents no status but of an answer or of an error of the table, named in its description", () => {
    for (const [id, route] of Object.entries<Route>(routes)) {
      for (const [status, { description }] of Object.entries(operationOf(route).responses)) {
        if (Object.hasOwn(route.answers, status)) continue;
        const codes = [...description.matchAll(/\b([a-z_]+):/g)].map(([, code = ""]) => code).filter(isErrorCode);
        expect(
          codes.map((code) => String(errorTable[code].status)),
          `${id} ${status}`,
        ).toContain(status);
      }
    }
  });

  it("says of every parameter in a path that it is required, and of numbers that they are", () => {
    for (const [id, route] of Object.entries<Route>(routes)) {
      const { parameters } = operationOf(route);
      const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = parameters.filter((parameter) => parameter.in === "path");
      expect(
        declared.map(({ name }) => name),
        id,
      ).toEqual(inPath);
      expect(
        declared.every(({ required }) => required),
        id,
      ).toBe(true);
      for (const { name, schema } of parameters) {
        if (name !== "limit" && name !== "version") continue;
        // Where a label is on no version, “none” is a place, too.
        const { anyOf = [schema] } = schema as { anyOf?: unknown[] };
        expect(anyOf.at(-1), `${id} ${name}`).toMatchObject({ type: "integer" });
      }
    }
  });

  it("asks for a login or key wherever the table does", () => {
    for (const [id, route] of Object.entries<Route>(routes)) {
      expect(operationOf(route).security === undefined, id).toBe(route.access === "public");
    }
  });
});

describe("a client made from the served description", () => {
  let server: Served;
  beforeAll(async () => {
    server = await freshServer();
  });
  afterAll(async () => await server.close());

  it("saves a prompt in a folder and fetches it by label", async () => {
    const key = await newKey(server, ["read", "write"]);
    const definition: Document = (await server.ask("/api/openapi.json")).json;
    const maker = new OpenAPIClientAxios({
      definition,
      withServer: { url: server.url },
      axiosConfigDefaults: { headers: { authorization: `Bearer ${key}` }, proxy: false },
    });
    const client = await maker.init();
    const saved = await client.savePrompt?.(
      {},
      {
        name: "mail/greeting",
        text: "Hi {{name}}",
        labels: ["production"],
      },
    );
    expect(saved?.status).toBe(201);
    const fetched = await client.fetchPrompt?.({ name: "mail/greeting", label: "production" });
    expect(fetched?.data).toMatchObject({ name: "mail/greeting", text: "Hi {{name}}", version: 1 });
    const twin = await client.fetchPromptByQuery?.({ name: "mail/greeting" });
    expect(twin?.data).toEqual(fetched?.data);
  });
});
