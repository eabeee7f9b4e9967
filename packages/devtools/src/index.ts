export { devtoolsHandler, type DevtoolsHandler, type DevtoolsHandlerOptions } from './devtools-handler.ts'
export { openDevtools, type Devtools, type DevtoolsOptions } from './open-devtools.ts'
export {
  watchModels,
  type ModelWatcher,
  type WatchedModel,
  type WatchModelsOptions,
} from './model-watcher.ts'
export type {
  AlertChange,
  BreakerChange,
  BulkFigures,
  BulkStart,
  CapturedContent,
  DevtoolsClient,
} from './client.ts'
export type {
  CacheFigures,
  CircuitState,
  ClientStats,
  CostFigures,
  LimitFigures,
  QuotaFigures,
  SpendFigures,
  TargetFigures,
} from './client-stats.ts'
export type {
  ShownAttempt,
  ShownCache,
  ShownCallFailure,
  ShownFailure,
  ShownReceipt,
  ShownWait,
} from './receipt.ts'
