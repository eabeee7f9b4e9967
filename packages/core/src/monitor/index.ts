export type { Advice, AdviceCode } from './advice.ts'
export {
  createResourceMonitor,
  type MonitoredClient,
  type ResourceMonitor,
  type ResourceMonitorOptions,
} from './create-resource-monitor.ts'
export type { LimitReading, MemoryReading, QueueReading, ResourceReading, SocketReading } from './reading.ts'
