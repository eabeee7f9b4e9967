export { continuingReply, type ContinuationManner } from './answers/continuing-reply.ts'
export type { BatchCondition, BatchFault, BatchRule, BatchScript } from './batches/batch-script.ts'
export type {
  BackgroundScript,
  CompletionWindow,
  LateResponses,
  WindowScript,
} from './responses/background-script.ts'
export type { Limits, Quota } from './limits/limits.ts'
export type { ProviderCounts, RecordedRequest } from './journal.ts'
export type { Fault, FaultOf, FaultType, RetryAfter, SequenceFault, SimpleFault } from './script/fault.ts'
export type { Latency } from './latency.ts'
export type { SimulatedProvider } from './simulated-provider.ts'
export type { Chunk, Exchange } from './traffic/exchange.ts'
export { recordTraffic, type RecordCounts, type TrafficRecorder } from './traffic/record.ts'
export type { RecordOptions } from './traffic/record-options.ts'
export { recordedAnswers } from './traffic/recorded-answers.ts'
export { replayTraffic, type ReplayOptions, type TrafficReplay } from './traffic/replay.ts'
export type { Operation, RequestOperation, WireName } from './route.ts'
export type { Range } from './script/range.ts'
export type { Condition, ProviderScript, Rule } from './script/script.ts'
export type { TimeWindow } from './script/time-window.ts'
export type { TierScript } from './script/tier-script.ts'
export type { AdvanceOptions } from './time/virtual-clock.ts'
export { startSimulator, type Simulator, type SimulatorOptions } from './simulator.ts'
