/**
 * Forms of one question. Each line says how a form is written in the canonical one. What the groups match must be equal in both texts,
 * character by character, and in the same order.
 *
 * A pair belongs here only if no words in the place of X make the two differ. Not "what does X mean" and "the meaning of X": X may be a person.
 * Not "what causes X" and "the cause of X": that of death is asked of one case. Not "create a list of X": X may be a type in a program.
 */
const FORMS: readonly (readonly [form: RegExp, canonical: string])[] = [
  // Numbers of a thing
  [/^how tall (is|was) (.+)$/u, 'what $1 the height of $2'],
  [/^how old is (.+)$/u, 'what is the age of $1'],
  [/^how many people live in (.+)$/u, 'what is the population of $1'],
  [/^(?:how much does (.+) cost|what does (.+) cost)$/u, 'what is the price of $1$2'],
  [/^how much does (.+) weigh$/u, 'what is the weight of $1'],
  [/^how much time (does it take|will it take) to (.+)$/u, 'how long $1 to $2'],
  [/^how many (\S+) (?:are there|exist) in (.+)$/u, 'how many $1 are in $2'],
  // Two things. Neither may contain "and": it would not be clear where the second one begins.
  [/^what are the differences between (.+)$/u, 'what is the difference between $1'],
  [
    /^how (?:is|are) ((?:(?! and ).)+) different from ((?:(?! and ).)+)$/u,
    'what is the difference between $1 and $2',
  ],
  [
    /^how (?:does|do) ((?:(?! and ).)+) differ from ((?:(?! and ).)+)$/u,
    'what is the difference between $1 and $2',
  ],
  [/^how far is (?!it )((?:(?! and ).)+) from ((?:(?! and ).)+)$/u, 'what is the distance between $1 and $2'],
  [/^how far is it from (.+) to (.+)$/u, 'what is the distance from $1 to $2'],
  // Persons, places, times
  [/^who (?:is|was) the author of (.+)$/u, 'who wrote $1'],
  [/^who (?:is|was) the inventor of (.+)$/u, 'who invented $1'],
  [/^who (?:is|was) the founder of (.+)$/u, 'who founded $1'],
  [/^when was (.+) born$/u, 'what is the date of birth of $1'],
  [/^where (is|are) (.+) located$/u, 'where $1 $2'],
  [/^(?:which city is|which is|what city is) the capital(?: city)? of (.+)$/u, 'what is the capital of $1'],
  [/^what is the capital city of (.+)$/u, 'what is the capital of $1'],
  [/^(?:in )?(?:what|which) year (did|was|were|is) (.+)$/u, 'what year $1 $2'],
  [
    /^(?:what time is it|what is the (?:current )?time(?: now| right now)?) in (.+)$/u,
    'what is the time in $1',
  ],
  [/^how is the weather in (.+)$/u, 'what is the weather like in $1'],
  // Names
  [/^what is (?:another word|a synonym) for (.+)$/u, 'what is another word for $1'],
  [/^how (?:do you|do I|can I|to) say (.+) in (\p{Lu}\p{Ll}+)$/u, 'how do you say $1 in $2'],
  // Requests
  [/^(?:tell me|give me|show me) (?=the (?:NOUN) (?:of|between|in|for) )/u, 'what is '],
  [/^(?:provide|give)(?: me)?(?: with)? a list of (.+)$/u, 'give me a list of $1'],
  [/^list (?=(?:all|some|\d+|two|three|four|five|six|seven|eight|nine|ten) )(.+)$/u, 'give me a list of $1'],
  [/^(?:summarize|summarise|(?:give|write|provide)(?: me)? a summary of) (.+)$/u, 'summarize $1'],
  [/^explain (?:to )?me (.+)$/u, 'explain $1'],
  [
    /^(?:what are some|name some|list some|give(?: me)? some|show me some|give me) examples of (.+)$/u,
    'give me some examples of $1',
  ],
  [/^(?:explain|show me|explain to me) (?=how to (?:VERB) )/u, ''],
  [/^how (?:do I|can I|does one|to) (?=(?:VERB) )/u, 'how to '],
]

/** Nouns that have one value: `tell me the capital of France` asks what it is. Not "the truth", and not "the story". */
const NOUN =
  'capital|population|area|height|weight|length|size|age|distance|price|definition|difference|formula|address|author|currency|temperature|boiling point|melting point|chemical symbol|date of birth|time|official language|name|number'

/**
 * Actions with steps: "how do I", "how can I" and "how to" ask for these. Not of verbs such as "look" or "feel": "how do I look" asks for an
 * opinion. Not "you", which may be the one that is asked.
 */
const VERB =
  'reset|install|uninstall|change|cancel|create|delete|update|remove|add|build|connect|download|upload|convert|calculate|find|set up|write|fix|repair|replace|configure|enable|disable|export|import|print|sort|reverse|parse|cook|bake|boil|peel|clean|register|sign up|log in|renew|return|track|contact|draw|measure|format|merge|rename|restore|back up|unlock|block|unsubscribe|transfer|book|order|schedule|learn|make|use|open|close|start|apply for|prepare|grow|plant|tie|compute|turn off|turn on|turn|save|edit|copy|move|send|read|test|deploy|debug|center|align|split|join|filter|round|count|check'

const READY = FORMS.map(
  ([form, canonical]) =>
    [
      new RegExp(form.source.replace('(?:NOUN)', `(?:${NOUN})`).replace('(?:VERB)', `(?:${VERB})`), 'u'),
      canonical,
    ] as const,
)

/** Returns the canonical form of a question or a request whose frame and final mark were removed. */
export function canonicalQuestion(text: string): string {
  // A form may lead to another one: `tell me the capital city of`, "what is the capital city of", "what is the capital of".
  return READY.reduce((question, [form, canonical]) => question.replace(form, canonical), text)
}
