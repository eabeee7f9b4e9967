export { Harbor } from './harbor.ts'
export { Harbor as default } from './harbor.ts'
export { createHarborFetch, type HarborFetch, type HarborFetchOptions } from './harbor-fetch.ts'
export type { Chains, HarborOptions, LastResort, RetrySettings } from './options/options.ts'
export type { ModelOptions, ProviderOptions } from './options/provider-options.ts'
export type { TimeoutSettings } from './options/timeout-settings.ts'
export type { PerCallOptions } from './options/per-call-options.ts'
export type { CallObservation, CallObserver, ObservedClient, RequestFacts } from './reporting/observer.ts'
export type { Labels, LabelStats } from './reporting/labels.ts'
export type { AutoBulkRun } from './bulk/auto/auto-bulk.ts'
export type { AutoBulkReport, RouteAnswers } from './bulk/auto/auto-report.ts'
export type { BulkPlan, BulkRoute, PlannedPart } from './bulk/auto/bulk-plan.ts'
export { RouteLogError } from './bulk/auto/route-log-error.ts'
export { BulkMoneyError } from './bulk/auto/bulk-money-error.ts'
export type { HarborBulkOptions } from './bulk/bulk-options.ts'
export type { BulkAnswer, BulkRequest } from './bulk/bulk-request.ts'
export type { ApiRequest } from './call/api-request.ts'
export type { EmbeddingBatchOptions } from './options/embedding-batch-options.ts'
export type {
  Fleet,
  FleetHost,
  FleetMember,
  FleetMoney,
  FleetOutcome,
  FleetPot,
  FleetPotState,
  FleetRefusal,
  FleetReservation,
} from './options/fleet.ts'
export type { FleetCircuits, FleetCooldowns } from './options/fleet-circuits.ts'
export type {
  FleetFlights,
  FlightCall,
  FlightEvent,
  FlightFollow,
  FlightLead,
} from './options/fleet-flights.ts'
export type { FleetStats } from './reporting/fleet-stats.ts'
export type { LimitOptions } from './options/limit-options.ts'
export type { QuotaStats } from './reporting/quota-stats.ts'
export type { CacheLayerOptions } from './options/cache-options.ts'
export type { SemanticOptions } from './options/semantic-options.ts'
export type { CachedAnswers } from './cache/cached-answers.ts'
export type { PrefetchOptions } from './options/prefetch-options.ts'
export type { PrefetchRequest } from './prefetch/prefetch-requests.ts'
export type {
  AlertNotice,
  AlertOptions,
  AlertRule,
  AlertStats,
  AttemptCount,
  CallCounts,
} from './reporting/alert.ts'
export { burnRate, type BurnRateOptions, type BurnRateWindow } from './alerts/burn-rate.ts'
export { budgetUsed } from './alerts/budget-rule.ts'
export { breakerOpen, breakerOpenFor } from './alerts/circuit-rules.ts'
export { pagerDuty, type PagerDutyOptions } from './alerts/pager-duty.ts'
export type { WebhookOptions } from './alerts/post-notice.ts'
export { availabilityBelow, failureShareAbove, hitRatioBelow, p95Above, spendAbove } from './alerts/rules.ts'
export { slack, webhook } from './alerts/webhook.ts'
export type { CostDimension, CostReportOptions, CostRow, CostTokens } from './reporting/cost-row.ts'
export { toCsv } from './reporting/to-csv.ts'
export type { CapturedCall, CaptureStats } from './reporting/captured-call.ts'
export type { CaptureContentOptions } from './options/capture-options.ts'
export type { CostStats, SpendState } from './reporting/cost-stats.ts'
export type { SpendPot } from './cost/spend-pots.ts'
export type { SpendLimitOptions } from './options/spend-limit-options.ts'
export type { TargetStats } from './reporting/target-stats.ts'
export type { BreakerSettings } from './options/breaker-settings.ts'
export type { CacheTtl, Price } from './reporting/price.ts'
export type { Capability, Target } from './reporting/target.ts'
export type { Reconfigurable } from './policy/live-policy.ts'
export type {
  Explanation,
  ExplainedFleet,
  ExplainedLadder,
  ExplainedProvider,
  ExplainedTarget,
  ExplainedTier,
} from './explanation.ts'
export type { CloseOptions } from './options/close-options.ts'
export { perCall } from './options/per-call.ts'
export type {
  AttemptFailure,
  AttemptPhase,
  AttemptReason,
  AttemptRecord,
  WaitReason,
  WaitRecord,
} from './reporting/attempt-record.ts'
export {
  receiptOf,
  type AnswerGuard,
  type CacheRecord,
  type CallCost,
  type CallFailure,
  type Receipt,
  type TokenUsage,
} from './reporting/receipt.ts'
export {
  ClientClosedError,
  OptionError,
  StreamFaultError,
  TimeoutError,
  type ClockName,
} from './base/errors.ts'
export type { HarborEvents } from './telemetry/telemetry.ts'
export type { HarborStats } from './stats.ts'
export type { Quantiles } from './reporting/quantiles.ts'
// The SDK exists as an ES module and as CommonJS, and `instanceof` fails between the two. These are the classes of the copy whose errors
// Harbor throws.
export {
  APIConnectionError,
  APIConnectionTimeoutError,
  APIError,
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  ConflictError,
  ContentFilterFinishReasonError,
  InternalServerError,
  InvalidWebhookSignatureError,
  LengthFinishReasonError,
  NotFoundError,
  OpenAIError,
  PermissionDeniedError,
  RateLimitError,
  UnprocessableEntityError,
} from 'openai/error'
export { consecutive, countWindow, timeWindow, type TripRule } from '@harbor/breaker'
export { byPriority, fastest, weighted, type HedgeOptions, type Order } from '@harbor/fallback'
export { cheapest } from './targets/cheapest.ts'
export { createRetryBudget, type FailureKind } from '@harbor/retry'
export type {
  CacheStats,
  CacheStore,
  PrefetchListOptions,
  PrefetchReport,
  PrefetcherStats,
} from '@harbor/cache'
export {
  readJsonl,
  type BulkProgress,
  type BulkResult,
  type BulkRun,
  type BulkSource,
  type BulkSummary,
} from '@harbor/batch'
export type { ExplainedTransport } from './transport/wire.ts'
export { createPool, type Pool, type PoolOptions } from '@harbor/pool'
