import js from '@eslint/js'
import tseslint from 'typescript-eslint'
import { plainWords } from './scripts/lint/plain-words.ts'

const leaves = ['retry', 'breaker', 'fallback', 'batch', 'cache', 'pool', 'simulator', 'otel', 'devtools']

export default tseslint.config(
  { ignores: ['**/dist/**', '**/.reports/**', '**/.programs/**', '**/.turbo/**'] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        // One program of everything: with a project for each package, each would read the sources of all those below it once more.
        project: ['./tsconfig.all.json', './packages/devtools/src/page/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    plugins: { harbor: { rules: { 'plain-words': plainWords } } },
    rules: {
      'harbor/plain-words': 'error',
      // Numbers are most of what our messages say.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // Leaving a property out of the rest is what the rest is for; what is there for its place alone begins with `_`.
      '@typescript-eslint/no-unused-vars': [
        'error',
        { ignoreRestSiblings: true, argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
      // `async` marks a function that answers with a promise, also where nothing is awaited yet.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    // A leaf is worth installing alone: it takes functions, never another package of ours.
    files: leaves.map((leaf) => `packages/${leaf}/src/**/*.ts`),
    ignores: ['**/*.test.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: ['@harbor/*', '!@harbor/parts'] }] },
  },
  {
    // Built on three leaves, and on nothing that knows the OpenAI SDK.
    files: ['packages/ai-sdk/src/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            '@harbor/*',
            '!@harbor/parts',
            '!@harbor/retry',
            '!@harbor/breaker',
            '!@harbor/fallback',
          ],
        },
      ],
    },
  },
  {
    // The rate limiter of redis is that of batch, with other buckets, and its store of circuits one of breaker's; the coordinator of bullmq is a bulk
    // run of batch.
    files: ['packages/redis/src/**/*.ts', 'packages/bullmq/src/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: ['@harbor/*', '!@harbor/parts', '!@harbor/batch', '!@harbor/breaker'] },
      ],
    },
  },
  {
    // Tests hand methods around as values, and throw what no decent program throws to see what becomes of it.
    files: ['**/*.test.ts', '**/test/**/*.ts'],
    rules: {
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
      // A busy machine may need long. So expect.poll() has one bound for all tests, in vitest.base.ts, and no other; the two others wait for one second.
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'CallExpression[arguments.length<2][callee.object.name=vi][callee.property.name=/^wait(For|Until)$/]',
          message: 'Use expect.poll(), or pass a timeout that is long enough for a busy machine.',
        },
        {
          selector:
            'CallExpression[callee.property.name=poll] > ObjectExpression > Property[key.name=timeout]',
          message:
            'Leave it out: the bound for all tests, in vitest.base.ts, is long enough for a busy machine.',
        },
      ],
    },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        globalThis: 'readonly',
        setTimeout: 'readonly',
        Blob: 'readonly',
        fetch: 'readonly',
      },
    },
  },
)
