import type * as aiSdk from '@harbor/ai-sdk'
import type * as core from '@harbor/core'
import { expectTypeOf, it } from 'vitest'
import type { openTelemetry, StartedCall } from '../src/index.ts'

type Observer = ReturnType<typeof openTelemetry>

it('openTelemetry() can be assigned to the option telemetry of clients and of fallback models', () => {
  expectTypeOf<Observer>().toExtend<core.CallObserver>()
  expectTypeOf<Observer>().toExtend<aiSdk.CallObserver>()
  expectTypeOf<Parameters<core.CallObserver['start']>[0]>().toExtend<StartedCall>()
  expectTypeOf<{ telemetry: Observer }>().toExtend<core.HarborOptions>()
})
