/** How the database is reached, and as whom. The server asks here: what PostgreSQL runs on is no business of its. */
export { postgresConnection } from "../postgres/connection.ts";
