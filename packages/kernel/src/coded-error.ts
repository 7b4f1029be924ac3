/** One row of a package's table of errors. */
export interface ErrorDescription {
  /** What went wrong, for a person. Never carries user input or secrets. */
  readonly text: string;
  /** True where the same request may succeed later, unchanged. */
  readonly retryable: boolean;
}

export type ErrorTable = Readonly<Record<string, ErrorDescription>>;

export interface CodedErrorOptions {
  /** Replaces the table's text where a more precise one exists. */
  readonly text?: string;
  readonly cause?: unknown;
}

/**
 * An error known by its code. Packages declare one table of codes each and throw through
 * {@link defineErrors}, so that a caller decides by `code` and `retryable` and never by matching a message.
 */
export class CodedError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly retryable: boolean;

  constructor(code: Code, description: ErrorDescription, options: CodedErrorOptions = {}) {
    super(
      options.text ?? description.text,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = 'CodedError';
    this.code = code;
    this.retryable = description.retryable;
  }
}

export interface ErrorFactory<Code extends string> {
  (code: Code, options?: CodedErrorOptions): CodedError<Code>;
  /** True for errors of this table, whichever copy of the package made them. */
  is(error: unknown, ...codes: Code[]): error is CodedError<Code>;
}

/** Makes the one function through which a package creates its errors. */
export function defineErrors<Table extends ErrorTable>(table: Table): ErrorFactory<keyof Table & string> {
  type Code = keyof Table & string;
  const create = (code: Code, options?: CodedErrorOptions): CodedError<Code> =>
    new CodedError(code, table[code] as ErrorDescription, options);
  const is = (error: unknown, ...codes: Code[]): error is CodedError<Code> =>
    error instanceof CodedError &&
    error.code in table &&
    (codes.length === 0 || codes.includes(error.code as Code));
  return Object.assign(create, { is });
}
