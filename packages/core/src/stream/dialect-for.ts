import type { Operation } from '../wire/operation.ts'
import { ChatDialect } from './chat-dialect.ts'
import type { StreamDialect } from './dialect.ts'
import { ResponsesDialect } from './responses-dialect.ts'

/** Who reads the streams of an operation. */
export function dialectFor({ name }: Operation): StreamDialect {
  return name === 'responses' ? new ResponsesDialect() : new ChatDialect()
}
