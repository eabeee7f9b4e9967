import { describe, expect, it } from 'vitest'
import { continuingReply, type ContinuationManner } from './continuing-reply.ts'

const TEXT = 'A harbour is a place for ships.'
const SENT = 'A harbour is a pl'
const BY_ASSISTANT = {
  messages: [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content: SENT },
  ],
}
const BY_USER = {
  contents: [
    { role: 'user', parts: [{ text: 'Hi' }] },
    { role: 'model', parts: [{ text: SENT }] },
    { role: 'user', parts: [{ text: 'Go on after:is a pl' }] },
  ],
}

describe('continuingReply', () => {
  it.each<[ContinuationManner, string, string]>([
    ['cooperative', 'ace for ships.', 'is a place for ships.'],
    ['paraphrasing', 'To put it differently, ACE FOR SHIPS.', 'To put it differently, IS A PLACE FOR SHIPS.'],
    ['restarting', TEXT, TEXT],
    ['fencing', '```\nace for ships.\n```', '```\nis a place for ships.\n```'],
    ['translating', 'aceung forung ships.ung', 'isung aung placeung forung ships.ung'],
    ['half-word', ' for ships.', 'a place for ships.'],
  ])('continues in its manner: %s', (manner, afterAssistant, afterUser) => {
    const reply = continuingReply(TEXT, manner)
    expect(reply({ body: BY_ASSISTANT })).toBe(afterAssistant)
    expect(reply({ body: BY_USER })).toBe(afterUser)
  })

  it.each<[string, unknown]>([
    ['no body', undefined],
    ['a first question', { messages: [{ role: 'user', content: 'Hi' }] }],
    [
      'another question',
      {
        messages: [
          { role: 'assistant', content: SENT },
          { role: 'user', content: 'And now?' },
        ],
      },
    ],
    ['the end of another answer', { messages: [{ role: 'assistant', content: 'No.' }] }],
  ])('answers with the text to %s', (_, body) => {
    expect(continuingReply(TEXT, 'cooperative')({ body })).toBe(TEXT)
  })
})
