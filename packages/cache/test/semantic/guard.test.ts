import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareTexts } from '../../src/semantic/index.ts'
import { hardPairs, heldOutPairs, paraphrases } from './pairs.ts'

const CLASSES = ['reversal', 'negation', 'number', 'unit', 'name', 'code'] as const

describe('the guard', () => {
  it.each(CLASSES)('refuses every hard pair of the class %s, in both orders', (name) => {
    const pairs = hardPairs.filter((pair) => pair.class === name)
    expect(pairs.length).toBeGreaterThanOrEqual(30)
    const passed = pairs.filter(
      ({ texts: [one, other] }) => !compareTexts(one, other) || !compareTexts(other, one),
    )
    expect(passed).toEqual([])
  })

  it('has 200 hard pairs and 200 paraphrases to show it', () => {
    expect(hardPairs.length).toBeGreaterThanOrEqual(200)
    expect(paraphrases.length).toBeGreaterThanOrEqual(200)
  })

  it('refuses the pairs that were written after it', () => {
    expect(heldOutPairs.filter(({ texts: [one, other] }) => !compareTexts(one, other))).toEqual([])
  })

  it.each(paraphrases.filter(({ passes }) => passes).map(({ texts }) => texts))(
    'lets "%s" pass for "%s"',
    (one, other) => {
      expect(compareTexts(one, other)).toBeUndefined()
      expect(compareTexts(other, one)).toBeUndefined()
    },
  )

  it('refuses the other paraphrases: what it does not know decides against', () => {
    const others = paraphrases.filter(({ passes }) => !passes)
    expect(others.filter(({ texts: [one, other] }) => !compareTexts(one, other))).toEqual([])
  })

  it('names the class of most hard pairs', () => {
    const named = hardPairs.filter(
      ({ class: name, texts: [one, other] }) => compareTexts(one, other) === name,
    )
    expect(named.length / hardPairs.length).toBeGreaterThan(0.8)
  })
})

/** One pair for each rule that no paraphrase of the list needs. */
const SAME: readonly (readonly [one: string, other: string])[] = [
  ['How far is it from Lyon to Nice?', 'What is the distance from Lyon to Nice?'],
  ['What is the capital city of Chad?', 'What is the capital of Chad?'],
  ['In which year did it begin?', 'what year did it begin'],
  ['Give a list of rivers in Asia.', 'Provide me with a list of rivers in Asia.'],
  ['Could you explain to me the rules of chess?', 'Explain the rules of chess.'],
  ['Hola, ¿dónde está el hotel?', '¿Dónde está el hotel?'],
  ['Dimmi dove si trova la stazione.', 'dove si trova la stazione'],
  ['Dimmi dove si trova la stazione.', 'Puoi dirmi dove si trova la stazione?'],
  ['你好，为什么天是蓝的？', '为什么天是蓝的'],
  ['请告诉我水的沸点是多少。', '水的沸点是多少？'],
  ['すみません、駅はどこですか？', '駅はどこですか'],
  ['Wo ist das Hotel, bitte?', 'Wo ist das Hotel?'],
  ['Où est la gare, s’il vous plaît ?', 'Où est la gare ?'],
  ['¿Dónde está el hotel? Gracias.', '¿Dónde está el hotel?'],
  ['水的沸点是多少？谢谢！', '水的沸点是多少？'],
]

describe('the guard lets pass', () => {
  it.each(SAME)('"%s" for "%s"', (one, other) => {
    expect(compareTexts(one, other)).toBeUndefined()
    expect(compareTexts(other, one)).toBeUndefined()
  })
})

/** What each rule must not do. Each pair would pass if the condition that it is about were lost. */
const TRAPS: readonly (readonly [why: string, one: string, other: string])[] = [
  ['a greeting may be a name', 'Hello, Dolly tickets', 'Dolly tickets'],
  ['a greeting without a mark is a part of the text', 'Hi what rhymes with it?', 'what rhymes with it?'],
  ['please may be mentioned', 'Please Please Me', 'Please Me'],
  ['please may be what is asked for', 'What is the Greek for please', 'What is the Greek for'],
  ['thanks may be what is asked for', 'How do I say thanks', 'How do I say'],
  ['thanks may be what is said', 'How do I say no, thanks', 'How do I say no'],
  ['thanks may be what is said in German', 'Wie sagt man nein, danke', 'Wie sagt man nein'],
  ['thanks may be what is said in French', 'Comment dit-on non, merci', 'Comment dit-on non'],
  ['thanks may be what is said in Spanish', '¿Cómo se dice no, por favor?', '¿Cómo se dice no?'],
  ['thanks may be what is said in Chinese', '怎么说不用，谢谢', '怎么说不用'],
  ['please may be one of several words', 'When do I use sorry, please', 'When do I use sorry'],
  ['the last item of a list is no politeness', 'Who hears claps, cheers', 'Who hears claps'],
  ['thanks behind a factorial do not remove it', 'What is 6! Thanks', 'What is 6'],
  ['"can you" may ask for an ability', 'Can you write novels?', 'Write novels.'],
  ['"can you" with a verb that is no request', 'Can you swim?', 'Swim?'],
  ['"do you know how to" asks for an ability', 'Do you know how to dance?', 'How to dance?'],
  ['"do you know what to" asks for an ability', 'Do you know what to cook?', 'what to cook?'],
  ['"let me know when" asks for a notice', 'Let me know when the bus comes.', 'When the bus comes'],
  ['"tell me" without a question is a request', 'Tell me the truth.', 'What is the truth?'],
  ['"tell me the story" is no value', 'Tell me the story of Troy.', 'What is the story of Troy?'],
  ['"how do I look" asks for an opinion', 'How do I look?', 'How to look?'],
  ['"how can I help" is no step', 'How can I help you?', 'How do I help you?'],
  [
    '"how do you" may ask about the one that is asked',
    'How do you calculate fees?',
    'How do I calculate fees?',
  ],
  ['a capital letter may make a name', 'Will Smith be there?', 'will Smith be there?'],
  ['capital letters may make a name', 'WHO is in charge?', 'Who is in charge?'],
  ['a factorial is no final mark', 'What is 6!', 'What is 6'],
  ['a mark behind one letter may be a pattern', 'What is a?', 'What is a'],
  [
    'a mark behind a pattern may be a part of it',
    'What does the regex colou? do, or colou?',
    'What does the regex colou? do, or colou',
  ],
  ['a text to continue may end with a mark', 'Continue: it was late.', 'Continue: it was late'],
  ['a text to work on may end with a mark', 'What tone has this: you came?', 'What tone has this: you came'],
  ['a text to translate may end with a mark', 'Translate you are here?', 'Translate you are here'],
  ['a text to write may end with a mark', 'Write hello there.', 'Write hello there'],
  ['a statement is no question', 'The shop is open.', 'The shop is open?'],
  ['a question mark behind a request counts', 'Explain how it works?', 'Explain how it works'],
  [
    'two pairs with "and" are not the same',
    'How is A and B different from C?',
    'How is A different from B and C?',
  ],
  ['two distances with "and" are not the same', 'How far is A and B from C?', 'How far is A from B and C?'],
  ['the cause of one death is not what causes death', 'What is the cause of death?', 'What causes death?'],
  ['a list in a program is no answer', 'Create a list of integers.', 'Give me a list of integers.'],
  [
    '"how would you say" asks for an opinion',
    'How would you say it went in Rome?',
    'How do you say it went in Rome?',
  ],
  ['a word of another language may be a name', 'Dove soap', 'dove soap'],
  ['a request to come is no question', 'Come home.', 'Come home?'],
  ['a request with "do" is no question', 'Do the dishes', 'Do the dishes?'],
  ['a wish is no question', 'Have a nice day.', 'Have a nice day?'],
  ['a type may end with a mark', 'What is the default value of Int?', 'What is the default value of Int'],
  ['an abbreviation ends with a mark', 'Explain the abbreviation fig.', 'Explain the abbreviation fig'],
  ['a number may end with a mark', 'Explain Louis 14.', 'Explain Louis 14'],
  ['a statement in Chinese may have a question word', '什么都没有', '什么都没有？'],
  ['to ask for the way is no politeness', '请问路', '路'],
  ['an exclamation may look like a question', 'Who cares.', 'Who cares?'],
  ['a type may end with a mark, also alone', 'What is the type Int?', 'What is the type Int'],
  [
    'three things have no single difference',
    'How is A different from B and C?',
    'What is the difference between A and B and C?',
  ],
  ['nor two and one', 'How is A and B different from C?', 'What is the difference between A and B and C?'],
  [
    'nor do they differ in one way',
    'How does A and B differ from C?',
    'What is the difference between A and B and C?',
  ],
  [
    'nor when the first is one',
    'How does A differ from B and C?',
    'What is the difference between A and B and C?',
  ],
  [
    'three places have no single distance',
    'How far is A from B and C?',
    'What is the distance between A and B and C?',
  ],
  ['nor two and one of them', 'How far is A and B from C?', 'What is the distance between A and B and C?'],
  ['a list price is no list', 'List prices of cars', 'Give me a list of prices of cars'],
  ['an article may matter', 'What is a cell?', 'What is the cell?'],
  ['a space in code counts', 'Explain `a  b`.', 'Explain `a b`.'],
  ['a plural counts', 'Who built the tower?', 'Who built the towers?'],
  ['contractions inside a text are not expanded', "What does it's mean?", 'What does it is mean?'],
  ['a director is not one who directed', 'Who is the director of the bank?', 'Who directed the bank?'],
  ['only a question is turned round', 'what the owner is', 'what is the owner'],
  ['something must be left', 'Please.', 'Thanks!'],
  ['invisible characters count', 'What is ad\u00admin?', 'What is admin?'],
  ['letters that look alike count', 'What is paypal.com?', 'What is pаypal.com?'],
  ['normal forms of letters count', 'What is caf\u00e9 called?', 'What is cafe\u0301 called?'],
]

describe('the guard refuses, because', () => {
  it.each(TRAPS)('%s: "%s" and "%s"', (_why, one, other) => {
    expect(compareTexts(one, other)).toBeDefined()
    expect(compareTexts(other, one)).toBeDefined()
  })
})

describe('the guard of any texts', () => {
  const word = fc.stringMatching(/^[a-z]{2,8}$/)
  const core = fc.array(word, { minLength: 2, maxLength: 6 }).map((words) => words.join(' '))

  it('refuses two cores that differ, whatever frame each has', () => {
    const frames = [
      (text: string) => `What is the price of ${text}?`,
      (text: string) => `Hi! Could you please tell me what the price of ${text} is?`,
      (text: string) => `How much does ${text} cost?`,
      (text: string) => `what's the price of ${text}, please?`,
    ]
    const frame = fc.constantFrom(...frames)
    let same = 0
    fc.assert(
      fc.property(core, core, frame, frame, (one, other, first, second) => {
        if (one === other) same++
        expect(compareTexts(first(one), second(other)) === undefined).toBe(one === other)
        expect(compareTexts(first(one), second(one))).toBeUndefined()
      }),
      { seed: 1, numRuns: 300 },
    )
    expect(same).toBeLessThan(300)
  })

  it('is symmetric, lets equal texts pass, and never throws', () => {
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), core)
    fc.assert(
      fc.property(text, text, (one, other) => {
        expect(compareTexts(one, one)).toBeUndefined()
        expect(compareTexts(one, other) === undefined).toBe(compareTexts(other, one) === undefined)
      }),
      { seed: 2 },
    )
  })

  it('takes no longer for a hostile text than for a usual one of its length', () => {
    // A pattern that backtracks would need minutes for these.
    for (const part of ['how is a and ', 'hi, ', 'please ', 'what is ', ', thanks', 'a.', 'x-', '？'])
      expect(compareTexts(part.repeat(2_000), `${part.repeat(2_000)}z`)).toBeDefined()
  })
})
