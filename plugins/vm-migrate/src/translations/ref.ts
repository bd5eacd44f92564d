/** Every word that a person reads, in English; a file a page under `en`, and its twin for each other language. */
import { createTranslationRef } from '@backstage/frontend-plugin-api';
import { common } from './en/common';

/** For messages in another language, or other words in an app. @public */
export const vmMigrateTranslationRef = createTranslationRef({
  id: 'plugin.vm-migrate',
  messages: { ...common },
});
