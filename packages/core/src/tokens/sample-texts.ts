/** Prose in many languages: Article 1 of the Universal Declaration of Human Rights. */
export const PROSE: Readonly<Record<string, string>> = {
  English:
    'All human beings are born free and equal in dignity and rights. They are endowed with reason and conscience and should act towards one another in a spirit of brotherhood.',
  German:
    'Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen begabt und sollen einander im Geist der Brüderlichkeit begegnen.',
  French:
    'Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison et de conscience et doivent agir les uns envers les autres dans un esprit de fraternité.',
  Spanish:
    'Todos los seres humanos nacen libres e iguales en dignidad y derechos y, dotados como están de razón y conciencia, deben comportarse fraternalmente los unos con los otros.',
  Polish:
    'Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Są oni obdarzeni rozumem i sumieniem i powinni postępować wobec innych w duchu braterstwa.',
  Finnish:
    'Kaikki ihmiset syntyvät vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan. Heille on annettu järki ja omatunto, ja heidän on toimittava toisiaan kohtaan veljeyden hengessä.',
  Turkish:
    'Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. Akıl ve vicdana sahiptirler ve birbirlerine karşı kardeşlik zihniyeti ile hareket etmelidirler.',
  Vietnamese:
    'Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền lợi. Mọi con người đều được tạo hoá ban cho lý trí và lương tâm và cần phải đối xử với nhau trong tình bằng hữu.',
  Chinese: '人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。',
  'Traditional Chinese':
    '人人生而自由，在尊嚴和權利上一律平等。他們賦有理性和良心，並應以兄弟關係的精神相對待。',
  Japanese:
    'すべての人間は、生れながらにして自由であり、かつ、尊厳と権利とについて平等である。人間は、理性と良心とを授けられており、互いに同胞の精神をもって行動しなければならない。',
  Korean:
    '모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. 인간은 천부적으로 이성과 양심을 부여받았으며 서로 형제애의 정신으로 행동하여야 한다.',
  Russian:
    'Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом и совестью и должны поступать в отношении друг друга в духе братства.',
  Ukrainian:
    'Всі люди народжуються вільними і рівними у своїй гідності та правах. Вони наділені розумом і совістю і повинні діяти у відношенні один до одного в дусі братерства.',
  Greek:
    'Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα. Είναι προικισμένοι με λογική και συνείδηση, και οφείλουν να συμπεριφέρονται μεταξύ τους με πνεύμα αδελφοσύνης.',
  Arabic:
    'يولد جميع الناس أحرارًا متساوين في الكرامة والحقوق. وقد وهبوا عقلاً وضميرًا وعليهم أن يعامل بعضهم بعضًا بروح الإخاء.',
  Persian:
    'تمام افراد بشر آزاد به دنیا می‌آیند و از لحاظ حیثیت و حقوق با هم برابرند. همه دارای عقل و وجدان هستند و باید نسبت به یکدیگر با روح برادری رفتار کنند.',
  Urdu: 'تمام انسان آزاد اور حقوق و عزت کے اعتبار سے برابر پیدا ہوئے ہیں۔ انہیں ضمیر اور عقل ودیعت ہوئی ہے۔ اس لیے انہیں ایک دوسرے کے ساتھ بھائی چارے کا سلوک کرنا چاہیے۔',
  Hebrew:
    'כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם. כולם חוננו בתבונה ובמצפון, לפיכך חובה עליהם לנהוג איש ברעהו ברוח של אחווה.',
  Hindi:
    'सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है। उन्हें बुद्धि और अन्तरात्मा की देन प्राप्त है और परस्पर उन्हें भाईचारे के भाव से बर्ताव करना चाहिए।',
  Bengali:
    'সমস্ত মানুষ স্বাধীনভাবে সমান মর্যাদা এবং অধিকার নিয়ে জন্মগ্রহণ করে। তাঁদের বিবেক এবং বুদ্ধি আছে; সুতরাং সকলেরই একে অপরের প্রতি ভ্রাতৃত্বসুলভ মনোভাব নিয়ে আচরণ করা উচিত।',
  Tamil:
    'மனிதப் பிறிவியினர் சகலரும் சுதந்திரமாகவே பிறக்கின்றனர்; அவர்கள் மதிப்பிலும், உரிமைகளிலும் சமமானவர்கள், அவர்கள் நியாயத்தையும் மனச்சாட்சியையும் இயற்பண்பாகப் பெற்றவர்கள்.',
  Telugu:
    'ప్రతిపత్తిస్వత్వముల విషయమున మానవులెల్లరును జన్మతః స్వతంత్రులును సమానులును నగుదురు. వారు వివేదన-అంతఃకరణ సంపన్నులగుటచే పరస్పరము భ్రాతృభావముతో వర్తింపవలయును.',
  Thai: 'มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ ต่างมีเหตุผลและมโนธรรม และควรปฏิบัติต่อกันด้วยเจตนารมณ์แห่งภราดรภาพ',
  Lao: 'ມະນຸດທຸກຄົນເກີດມາມີກຽດສັກສີ, ສິດທິ, ເສລີພາບແລະຄວາມສະເໝີພາບເທົ່າທຽມກັນ. ທຸກໆຄົນມີເຫດຜົນແລະຄວາມຄິດຄວາມເຫັນສ່ວນຕົວຂອງໃຜຂອງມັນ.',
  Burmese: 'လူတိုင်းသည် တူညီ လွတ်လပ်သော ဂုဏ်သိက္ခာဖြင့် လည်းကောင်း၊ တူညီလွတ်လပ်သော အခွင့်အရေးများဖြင့် လည်းကောင်း၊ မွေးဖွားလာသူများ ဖြစ်သည်။',
  Khmer: 'មនុស្សទាំងអស់កើតមកមានសេរីភាព និងភាពស្មើៗគ្នាក្នុងសិទ្ធិ និងសេចក្ដីថ្លៃថ្នូរ។ មនុស្សគ្រប់រូបសុទ្ធតែមានវិចារណញ្ញាណ និងមនសិការ។',
  Georgian:
    'ყველა ადამიანი იბადება თავისუფალი და თანასწორი თავისი ღირსებითა და უფლებებით. მათ მინიჭებული აქვთ გონება და სინდისი და ერთმანეთის მიმართ უნდა იქცეოდნენ ძმობის სულისკვეთებით.',
  Armenian:
    'Բոլոր մարդիկ ծնվում են ազատ ու հավասար իրենց արժանապատվությամբ ու իրավունքներով։ Նրանք ունեն բանականություն ու խիղճ և միմյանց պետք է եղբայրաբար վերաբերվեն։',
  Amharic:
    'የሰው ልጅ ሁሉ ሲወለድ ነጻና በክብርና በመብትም እኩልነት ያለው ነው። የተፈጥሮ ማስተዋልና ሕሊና ስላለው አንዱ ሌላውን በወንድማማችነት መንፈስ መመልከት ይገባዋል።',
  Tibetan: 'འགྲོ་བ་མིའི་རིགས་རྒྱུད་ཡོངས་ལ་སྐྱེས་ཙམ་ཉིད་ནས་ཆེ་མཐོངས་དང་། ཐོབ་ཐངགི་རང་དབང་འདྲ་མཉམ་དུ་ཡོད་ལ།',
  Cherokee: 'ᏂᎦᏓ ᎠᏂᏴᏫ ᏂᎨᎫᏓᎸᎾ ᎠᎴ ᎤᏂᏠᏱ ᎤᎾᏕᎿ ᏚᏳᎧᏛ ᎨᏒᎢ. ᎨᏥᏁᎳ ᎤᎾᏓᏅᏖᏗ ᎠᎴ ᎤᏃᏟᏍᏗ ᎠᎴ ᏌᏊ ᎨᏒ ᏧᏂᎸᏫᏍᏓᏁᏗ.',
}

/** Code, data, symbols and random characters. */
export const CODE_AND_DATA: Readonly<Record<string, string>> = {
  TypeScript: `export function backoff(attempt: number, { baseMs = 100, maxMs = 10_000 } = {}): number {\n  const ceiling = Math.min(maxMs, baseMs * 2 ** (attempt - 1))\n  return Math.random() * ceiling // full jitter\n}\n`,
  Python: `def fib(n):\n    a, b = 0, 1\n    for _ in range(n):\n        a, b = b, a + b\n    return a\n\n\nif __name__ == "__main__":\n    print([fib(i) for i in range(20)])\n`,
  'minified JavaScript': `!function(e,t){"object"==typeof exports&&"undefined"!=typeof module?module.exports=t():(e=e||self).q=t()}(this,function(){var n=1e3,r=6e4;return function(e){return e>=r?Math.round(e/r)+"m":e+"ms"}});`,
  C: `#include <stdio.h>\nint main(void) {\n\tfor (int i = 0; i < 10; ++i) {\n\t\tprintf("%d\\n", i * i);\n\t}\n\treturn 0;\n}\n`,
  HTML: `<div class="card card--wide"><a href="/items/42?ref=home#top"><img src="/img/42.png" alt=""></a><p>Price: <b>$19.99</b></p></div>`,
  SQL: `SELECT u.id, COUNT(*) AS n FROM users u JOIN orders o ON o.user_id = u.id WHERE o.created_at >= '2025-01-01' GROUP BY u.id HAVING COUNT(*) > 3;`,
  JSON: JSON.stringify({
    id: 'a1b2c3',
    items: [
      { sku: 'X-100', qty: 3, price: 19.95, tags: ['new', 'sale'], ok: true, note: null },
      { sku: 'Y-220', qty: 12, price: 5.5, tags: [], ok: false, note: 'back in stock' },
    ],
  }),
  'indented JSON': JSON.stringify({ a: [1, 2, { b: 'c' }], d: { e: { f: [true, false, null] } } }, null, 2),
  CSV: 'date,open,high,low,close\n2025-01-02,412.87,415.01,409.33,413.76\n2025-01-03,414.02,418.99,413.5,418.11\n',
  'a table': '| name | age |\n|------|-----|\n| Ann  |  31 |\n| Bob  |   7 |\n',
  LaTeX: '\\int_{0}^{\\infty} e^{-x^2}\\,dx = \\frac{\\sqrt{\\pi}}{2}, \\quad \\forall x \\in \\mathbb{R}',
  'log lines':
    '2025-06-01T12:34:56.789Z ERROR [worker-7] req=8f14e45f-ceea-467f-a8d3-0b2c0a7e1b11 took 1532ms status=503\n',
  URLs: 'https://example.com/a/b/c.html?utm_source=x&utm_medium=y&id=9f8e7d#frag https://cdn.example.org/v2/assets/app.3f9c1d.js',
  hex: 'd41d8cd98f00b204e9800998ecf8427ee3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  'upper-case hex':
    'D41D8CD98F00B204E9800998ECF8427EE3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855',
  'a dump of bytes': 'de ad be ef 00 01 02 03 7f 80 ff fe 10 20 30 40 55 aa 0d 0a',
  digits:
    '31415926535897932384626433832795028841971693993751058209749445923078164062862089986280348253421170679',
  'spaced digits': '1 2 3 4 5 6 7 8 9 0 11 22 33 44 55 66 77 88 99 100 2000 30000',
  'spaced letters': 'a b c d e f g h i j k l m n o p q r s t u v w x y z A B C D E F',
  base64:
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg9kQ2hrT1VwZ1pYbE1vS2pJNmJ3',
  'URL-safe base64':
    'eyJhbGciOiJSUzI1NiIsImtpZCI6IjQyIn0.eyJzdWIiOiJ1c2VyXzEyMyIsImV4cCI6MTczNTY4OTYwMH0.Xk9-_vTq3Lw0aZbNc7Rd8eYfGhIjKl',
  'random letters': 'qzxkvjwpfgmbhrtlqzdkxvnwjpqfhzgkrmtxbvcqjwzpklfd',
  'random capitals': 'QZXKVJWPFGMBHRTLQZDKXVNWJPQFHZGKRMTXBVCQJWZPKLFD',
  DNA: 'ACGTTGCAACGTAGCTAGCTAGGATCCGATTACAGATTACACCGGTTAACCGT',
  emoji: '😀😃😄😁😆😅🤣😂🙂🙃😉😊😇🥰😍🤩😘👩‍👩‍👧‍👦🏳️‍🌈👍🏽🇩🇪🇯🇵🧑🏿‍🚀',
  signs: '!@#$%^&*()_+-=[]{};:\'",.<>/?`~|\\ ±×÷≠≤≥∞∑∏√∫€£¥§¶†‡•…–—“”‘’«»¿¡',
  'box drawing': '┌──────┬─────┐\n│ name │ age │\n└──────┴─────┘',
  'mathematical letters': '𝒜𝓁𝓅𝒽𝒶 𝔅𝔢𝔱𝔞 𝟙𝟚𝟛',
  hieroglyphs: '𓀀𓀁𓀂𓀃𓂀𓃠𓆣𓇳𓊖𓋹',
  'rare Han': '𠀀𠀁𠀂𪚥龘靐齉爩麤灪',
  'combining marks': 'Z̸̡͔a̵͎͝l̷̘͠g̴̙͐o̸͓͊ ṱ̸e̷̬͒x̴̫͊t̶͙͂',
}
