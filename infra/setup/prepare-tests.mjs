import { provisionTests } from './provision.mjs';
import { exitWith } from './setup-error.mjs';

await provisionTests().catch(exitWith);
