"""The GraphQL API: schema by domain, guard against costly documents, and the route that serves both."""
