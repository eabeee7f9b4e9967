import { inProjects, shared } from '../../vitest.base.ts'
import { define } from './tsup.config.ts'

/** Tests with instrumentations, which replace methods of the process and do not restore all of them. */
const ALONE = ['propagation', 'tokens-once'].map((name) => `test/${name}.test.ts`)

export default inProjects(
  { define, test: { ...shared.test, name: 'shared', exclude: ALONE } },
  {
    define,
    test: {
      name: 'alone',
      include: ALONE,
      // The AI SDK has another version of the API, whose modules do not name the extensions of files.
      server: { deps: { inline: [/@ai-sdk\/otel/, /@opentelemetry\+api@1\.9/] } },
    },
  },
)
