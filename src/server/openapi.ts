/** OpenAPI 3.1, printed from the table of routes. */
import { z } from "zod";
import { about, version } from "../base/version.ts";
import { errorTable } from "../contract/errors.ts";
import { answersDuring, type Route } from "../contract/route.ts";
import { commonErrors, type RouteId, routes } from "../contract/routes.ts";
import { errorBody } from "../contract/shapes.ts";

type Schema = Record<string, unknown>;

export function openApi(): Schema & { openapi: string } {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [id, route] of Object.entries<Route>(routes)) {
    paths[route.path] ??= {};
    Object.assign(paths[route.path] ?? {}, { [route.method.toLowerCase()]: operation(id as RouteId, route) });
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Prompt Library",
      version,
      description: about,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    paths,
    components: {
      schemas: { Error: schema(errorBody, "output") },
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "An API key, or a token from POST /api/auth/login." },
      },
    },
  };
}

function operation(id: RouteId, route: Route): Schema {
  return {
    operationId: id,
    summary: route.summary,
    description: `Access: ${route.access}.${route.withoutDatabase ? " Answers while the database is away." : ""}`,
    ...(route.access === "public" ? {} : { security: [{ bearer: [] }] }),
    parameters: [...parameters("path", route.params), ...parameters("query", route.query)],
    ...(route.body ? { requestBody: { required: true, content: content(route, schema(route.body, "input")) } } : {}),
    responses: { ...answers(route), ...errors(route) },
  };
}

function parameters(place: "path" | "query", shape: z.ZodObject | undefined): Schema[] {
  if (!shape) return [];
  const { properties, required } = schema(shape, "input") as {
    properties?: Record<string, Schema>;
    required?: string[];
  };
  return Object.entries(properties ?? {}).map(([name, property]) => ({
    name,
    in: place,
    required: place === "path" || (required ?? []).includes(name),
    schema: property,
  }));
}

function answers(route: Route): Schema {
  return Object.fromEntries(
    Object.entries(route.answers).map(([status, shape]) => [
      status,
      shape
        ? { description: route.summary, content: content(route, schema(shape, "output")) }
        : { description: status === "304" ? "Not modified." : "Done." },
    ]),
  );
}

function errors(route: Route): Schema {
  const codes = [
    ...route.errors,
    ...commonErrors,
    ...(route.access === "public" ? [] : (["unauthenticated", "forbidden"] as const)),
    ...(route.withoutDatabase ? [] : (["database_unavailable"] as const)),
    ...(answersDuring(route, "closed") ? [] : (["maintenance"] as const)),
    // What answers without the database writes nothing, whatever its method.
    ...(route.method === "GET" || route.withoutDatabase ? [] : (["write_outcome_unknown", "disk_full"] as const)),
  ];
  const byStatus = Map.groupBy(new Set(codes), (code) => String(errorTable[code].status));
  return Object.fromEntries(
    [...byStatus]
      .filter(([status]) => !Object.hasOwn(route.answers, status))
      .map(([status, group]) => [
        status,
        {
          description: group.map((code) => `${code}: ${errorTable[code].message}`).join(" "),
          content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
        },
      ]),
  );
}

function content(route: Route, shape: Schema): Schema {
  return { [route.media ?? "application/json"]: { schema: shape } };
}

function schema(shape: z.ZodType, io: "input" | "output"): Schema {
  const { $schema, $defs, ...rest } = z.toJSONSchema(shape, { io, target: "draft-2020-12", unrepresentable: "any" });
  return withoutRecursion(rest, Object.keys($defs ?? {}));
}

/** Free JSON is the one shape that holds itself. A schema without constraints says the same, and needs no reference. */
function withoutRecursion(printed: object, definitions: string[]): Schema {
  if (definitions.length > 1) throw new Error(`only free JSON may hold itself, found ${definitions.join(", ")}`);
  return JSON.parse(JSON.stringify(printed), (_key, value) =>
    typeof value === "object" && value !== null && "$ref" in value ? { description: "any JSON" } : value,
  );
}
