/** Messages by their paths, `nav.new`: a language that lacks one, or has one too many, does not compile. */
type Paths<Messages> = {
  [Key in keyof Messages & string]: Messages[Key] extends string
    ? Key
    : `${Key}.${Paths<Messages[Key]>}`;
}[keyof Messages & string];

export type Flat<Messages> = Readonly<Record<Paths<Messages>, string>>;
