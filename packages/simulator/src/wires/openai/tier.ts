import { asString } from '../../answers/json.ts'
import type { Question } from '../wire.ts'

/**
 * Returns the service tier that an answer reports: the one in the script or, without it, the requested one. `auto`
 * becomes `default`.
 */
export function tierOf({ body, script }: Question): string {
  const requested = asString(body['service_tier'])
  return script.servedTier ?? (requested === '' || requested === 'auto' ? 'default' : requested)
}
