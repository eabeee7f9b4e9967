import type { Operation } from '../wire/operation.ts'
import { AnyDialect } from './any-dialect.ts'
import { ChatDialect, type StreamEndRule } from './chat-dialect.ts'
import type { StreamDialect } from './dialect.ts'
import { ResponsesDialect } from './responses-dialect.ts'

/** Who reads the streams of an operation. @param end what its provider ends a chat stream with */
export function dialectFor({ name }: Operation, end?: StreamEndRule): StreamDialect {
  if (name === 'responses') return new ResponsesDialect()
  return name === 'other' ? new AnyDialect() : new ChatDialect(end)
}
