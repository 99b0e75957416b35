/**
 * The HTTP application: hooks, error answers, and every route family, over functions handed in. It listens nowhere and
 * builds nothing of its own; what it needs from the rest of the gateway is `AppDeps`.
 */
import { fastify } from 'fastify';
import { serializerCompiler } from 'fastify-type-provider-zod';
import type { SealSecret } from '../core/callback-secrets.ts';
import type { App } from './app-instance.ts';
import { takeCallsDirectly } from './direct-calls.ts';
import { createErrorHandler } from './error-handler.ts';
import { createFront, type Front } from './front.ts';
import { type AuthenticateDeps, authenticateRoutes } from './hooks/authenticate.ts';
import { type AwaitProcessesDeps, awaitProcesses } from './hooks/await-processes.ts';
import { beginRequests } from './hooks/begin-request.ts';
import { describeActors } from './hooks/describe-actor.ts';
import { type LogRequest, logRequests } from './hooks/log-requests.ts';
import { refuseEncodedBodies } from './hooks/refuse-encoded-bodies.ts';
import { acceptJsonBodies } from './json-body.ts';
import { handleUnknownPaths } from './not-found.ts';
import type { RecordRefusal } from './record-refusal.ts';
import { releaseConnections } from './release-connections.ts';
import { registerActivityRoutes } from './routes/activity.ts';
import { type AuditRoutesDeps, registerAuditRoutes } from './routes/audit.ts';
import { type BudgetRoutesDeps, registerBudgetRoutes } from './routes/budget.ts';
import { type CustomerRoutesDeps, registerCustomerRoutes } from './routes/customer.ts';
import { registerDocsRoutes } from './routes/docs.ts';
import { type ExplainRoutesDeps, registerExplainRoutes } from './routes/explain.ts';
import { registerGlobalReportRoutes } from './routes/global-report.ts';
import { type GlobalSpendRoutesDeps, registerGlobalSpendRoutes } from './routes/global-spend.ts';
import { type HealthRoutesDeps, registerHealthRoutes } from './routes/health.ts';
import { type HomeRoutesDeps, registerHomeRoutes } from './routes/home.ts';
import { type KeyRoutesDeps, registerKeyRoutes } from './routes/key.ts';
import { type LeakRoutesDeps, registerLeakRoutes } from './routes/leaked.ts';
import { type MetricsRoutesDeps, registerMetricsRoutes } from './routes/metrics.ts';
import { type ModelCallRoutesDeps, registerModelCallRoutes } from './routes/model-calls.ts';
import { type ModelChangeRoutesDeps, registerModelChangeRoutes } from './routes/model-changes.ts';
import { type ModelRoutesDeps, registerModelRoutes } from './routes/models.ts';
import { type OrganizationRoutesDeps, registerOrganizationRoutes } from './routes/organization.ts';
import { registerScopedReportRoutes } from './routes/scoped-report.ts';
import { registerSessionRoutes, type SessionRoutesDeps } from './routes/session.ts';
import { registerSpendRoutes, type SpendRoutesDeps } from './routes/spend.ts';
import { registerSpendExportRoutes } from './routes/spend-export.ts';
import { registerTagRoutes, type TagRoutesDeps } from './routes/tag.ts';
import { registerTeamRoutes, type TeamRoutesDeps } from './routes/team.ts';
import { registerTokenCounterRoutes } from './routes/token-counter.ts';
import { registerUserRoutes, type UserRoutesDeps } from './routes/user.ts';
import { type ServerDeps, toServerOptions } from './server-options.ts';
import { compileZodValidator } from './zod-validation.ts';

export interface AppDeps
  extends ServerDeps,
    AuthenticateDeps,
    AwaitProcessesDeps,
    HomeRoutesDeps,
    HealthRoutesDeps,
    MetricsRoutesDeps,
    ModelCallRoutesDeps,
    ModelRoutesDeps,
    ModelChangeRoutesDeps,
    AuditRoutesDeps,
    BudgetRoutesDeps,
    CustomerRoutesDeps,
    TagRoutesDeps,
    UserRoutesDeps,
    KeyRoutesDeps,
    ExplainRoutesDeps,
    SpendRoutesDeps,
    TeamRoutesDeps,
    OrganizationRoutesDeps,
    SessionRoutesDeps,
    LeakRoutesDeps,
    GlobalSpendRoutesDeps {
  logRequest: LogRequest;
  recordRefusal: RecordRefusal;
  sealSecret: SealSecret;
}

/**
 * Ready to listen or to be injected into. Throws when a route does not say who may call it. Of several over one `front`
 * the first one listens; the others answer from when they are handed its requests.
 */
export async function createApp(deps: AppDeps, front: Front = createFront()): Promise<App> {
  const app: App = fastify(toServerOptions(deps));
  app.setValidatorCompiler(compileZodValidator);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(createErrorHandler(deps, deps.recordRefusal));
  handleUnknownPaths(app);
  acceptJsonBodies(app, deps.sealSecret);

  beginRequests(app, deps.version, front);
  releaseConnections(app, front);
  describeActors(app);
  logRequests(app, deps.logRequest);
  // The API browser's own files come before the guard; every route after it is guarded.
  await registerDocsRoutes(app, deps);
  authenticateRoutes(app, deps);
  awaitProcesses(app, deps);
  refuseEncodedBodies(app);

  registerHomeRoutes(app, deps);
  registerHealthRoutes(app, deps);
  registerMetricsRoutes(app, deps);
  registerModelCallRoutes(app, deps);
  registerModelRoutes(app, deps);
  registerModelChangeRoutes(app, deps);
  registerTokenCounterRoutes(app);
  registerAuditRoutes(app, deps);
  registerBudgetRoutes(app, deps);
  registerCustomerRoutes(app, deps);
  registerTagRoutes(app, deps);
  registerUserRoutes(app, deps);
  registerKeyRoutes(app, deps);
  registerTeamRoutes(app, deps);
  registerOrganizationRoutes(app, deps);
  registerSessionRoutes(app, deps);
  registerLeakRoutes(app, deps);
  registerExplainRoutes(app, deps);
  registerSpendRoutes(app, deps);
  registerGlobalSpendRoutes(app, deps);
  registerGlobalReportRoutes(app, deps);
  registerScopedReportRoutes(app, deps);
  registerActivityRoutes(app, deps);
  registerSpendExportRoutes(app, deps);
  await app.ready();
  takeCallsDirectly(app, { ...deps, front });
  return app;
}
