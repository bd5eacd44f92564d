/** The field of a template that picks a VM. */
export const picker = {
  picker: {
    label: 'VM',
    description: 'The VM that is migrated, with its snapshots',
    placeholder: 'Type a part of its name',
    invalid: 'Choose a VM of the list, or name one as SOURCE/NAME or as an entity ref.',
  },
} as const;
