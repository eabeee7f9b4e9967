import { asString } from '../../answers/json.ts'
import type { Question } from '../wire.ts'

/** The service tier that an answer reports: that of the script, else the requested one. `auto` becomes `default`. */
export function tierOf({ body, script }: Question): string {
  const requested = asString(body['service_tier'])
  return script.servedTier ?? (requested === '' || requested === 'auto' ? 'default' : requested)
}
