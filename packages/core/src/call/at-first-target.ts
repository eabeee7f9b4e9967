import type { Target } from '../reporting/target.ts'
import type { Exchange, LegExchange } from './exchange.ts'
import { Leg } from './leg.ts'

/** A call that is refused before anything is sent stands at the target to which it would have gone. */
export function atFirstTarget(exchange: Exchange, targets: readonly Target[]): LegExchange {
  const [target] = targets
  if (!target) throw new Error('A plan has at least the target that was asked for.')
  return { ...exchange, leg: new Leg(target, exchange.policy.routes.providerOf(target)) }
}
