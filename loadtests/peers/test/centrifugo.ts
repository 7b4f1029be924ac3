import { describe, expect, test } from '@jest/globals';
import { UsageError } from '../command-line.mjs';
import { parseOptions } from '../options.mjs';

/** The path of Centrifugo's program, where this machine has it. */
export const centrifugo = process.env['CENTRIFUGO'];

/** Tests that need Centrifugo. Where there is none, one that shows what the command says of that stands in their place. */
export function describeWithCentrifugo(name: string, body: () => void): void {
  if (centrifugo !== undefined && centrifugo !== '') {
    // oxlint-disable-next-line jest/valid-title, jest/valid-describe-callback -- those of the caller
    describe(name, body);
    return;
  }
  // oxlint-disable-next-line jest/valid-title -- that of the caller
  describe(name, () => {
    test('is not offered without CENTRIFUGO', () => {
      const parse = () => parseOptions(['--driver', 'centrifugo'], '/here', '/default.json', centrifugo);
      expect(parse).toThrow(UsageError);
      expect(parse).toThrow('--driver centrifugo needs CENTRIFUGO, the path of a centrifugo 6 binary');
    });
  });
}
