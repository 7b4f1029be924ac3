import { testkitError } from './errors.ts';
import { NeedleIndex, shortestNeedle, type Finding, type Needle } from './needle-index.ts';

type SecretKind = 'text' | 'token' | 'JWT secret';

interface Secret extends Needle {
  readonly kind: SecretKind;
  readonly text: string;
}

// What lies further back than this many texts and parts of tokens is let go.
const maxKept = 10_000;
// Of a long text, its beginning.
const maxLength = 256;
const around = 120;

/**
 * What clients and issuers of tokens in this process have said that nobody else may see. Others are asked whether it is in
 * what they have got to see when their scope closes, in every test.
 */
class SecretNet {
  /** In the order in which they came. */
  readonly #passing = new Map<string, SecretKind>();
  readonly #lasting = new Map<string, SecretKind>();
  #index: NeedleIndex<Secret> | undefined;

  /** What is short is no secret: it is anywhere by accident. */
  note(kind: SecretKind, text: string): void {
    if (text.length < shortestNeedle) return;
    const secrets = kind === 'JWT secret' ? this.#lasting : this.#passing;
    const beginning = text.slice(0, maxLength);
    secrets.delete(beginning);
    secrets.set(beginning, kind);
    const [oldest] = secrets.keys();
    if (secrets.size > maxKept && oldest !== undefined) secrets.delete(oldest);
    this.#index = undefined;
  }

  /** Throws `secret_exposed` where anything noted is in `content`, as it is or as it stands in JSON. */
  check(place: string, content: Buffer): void {
    this.#index ??= new NeedleIndex([...this.#lasting, ...this.#passing].flatMap(needlesOf));
    const findings = this.#index.find(content);
    if (findings.length === 0) return;
    const told = findings.slice(0, 5).map((finding) => describe(finding, content));
    throw testkitError('secret_exposed', { text: `in ${place} there is\n${told.join('\n')}` });
  }
}

function needlesOf([text, kind]: readonly [string, SecretKind]): Secret[] {
  const forms = new Set([text, JSON.stringify(text).slice(1, -1)]);
  return [...forms].map((form) => ({ kind, text, bytes: Buffer.from(form) }));
}

function describe({ needle: { kind, text, bytes }, at }: Finding<Secret>, content: Buffer): string {
  const before = content.toString('utf8', Math.max(0, at - around), at);
  const after = content.toString('utf8', at + bytes.length, at + bytes.length + around);
  return `a ${kind}, ${JSON.stringify(text.slice(0, 4))}… (${text.length} characters): …${before}<here>${after}…`;
}

/** One for the process: an OTLP receiver cannot know whose gateways send to it. Jest gives each file of tests its own. */
export const secretNet = new SecretNet();
