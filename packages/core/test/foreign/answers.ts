import { completion, json, type ForeignRow } from './row.ts'

const good = { calls: 1, circuit: 'success' } as const

/** Unusual answers that are answers all the same. */
export const answers: readonly ForeignRow[] = [
  {
    what: 'only choices',
    answer: json({ choices: [{ message: { content: 'Hello.' } }] }),
    to: ['chat'],
    becomes: { ...good, value: { choices: [{ message: { content: 'Hello.' } }] } },
  },
  {
    what: 'error: null beside the choices',
    answer: json(completion({}, { error: null, errors: [], detail: null, code: 0, message: '' })),
    to: ['chat'],
    becomes: good,
  },
]
