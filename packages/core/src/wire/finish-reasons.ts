import { isRecord } from './json.ts'

/** Why an answer ended, as its body says: one for each choice, or the status of a response. */
export function finishReasonsOf(json: Readonly<Record<string, unknown>>): readonly string[] {
  const choices = Array.isArray(json['choices']) ? (json['choices'] as readonly unknown[]) : []
  const reasons = choices.map((choice) => (isRecord(choice) ? choice['finish_reason'] : undefined))
  if (typeof json['status'] === 'string' && json['object'] === 'response') reasons.push(json['status'])
  return reasons.filter((reason) => typeof reason === 'string')
}
