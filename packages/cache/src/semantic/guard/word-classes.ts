/** Whether a word is a number in digits of any script, in words, or in Roman numerals. */
export function isNumber(word: string): boolean {
  return (
    /\p{N}/u.test(word) ||
    /^[MDCLXVI]{2,}$/.test(word) ||
    NUMBERS.has(word.toLowerCase()) ||
    /^[一二三四五六七八九十百千万两]+$/u.test(word)
  )
}

export function isNegation(word: string): boolean {
  return /n['’]t$/i.test(word) || NEGATIONS.has(word.toLowerCase()) || /[不没無无非别勿]/u.test(word)
}

/** Whether a word is a unit. Capital letters count: a Mb is not a MB. */
export function isUnit(word: string): boolean {
  return UNITS.has(word) || UNIT_NAMES.has(word.toLowerCase()) || /[°€£¥µ]|%$/u.test(word)
}

const NUMBERS = words(`
  zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty
  forty fifty sixty seventy eighty ninety hundred thousand million billion trillion dozen half third quarter first second fourth fifth sixth seventh
  eighth ninth tenth once twice thrice single double triple both all every each some any few many several more less most least monday tuesday
  wednesday thursday friday saturday sunday january february march april may june july august september october november december
  null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf hundert tausend erste zweite dritte
  un deux trois quatre cinq sept huit neuf dix vingt cent mille premier première deuxième
  uno dos tres cuatro cinco seis siete ocho nueve diez veinte cien mil primero segundo
`)
const NEGATIONS = words(`
  not no never none nothing neither nor nobody nowhere cannot without except excluding unless avoid lack lacks lacking fail fails failed refuse refuses
  refused stop stops prevent prevents few little against forbid forbids forbidden disable disabled hardly barely rarely seldom minus instead off
  nicht kein keine keinen keinem keiner nie niemals ohne außer weder nirgends
  ne pas jamais aucun aucune sans sauf rien personne non
  nunca ningún ninguna nada sin excepto jamás não nunca sem mai senza не без никогда нет
`)
const UNITS = words(`
  kg g mg t lb lbs oz st m cm mm km mi ft in yd nm l ml cl dl gal pt qt s ms ns min h hr d w W kW MW Wh kWh V mV A mA Hz kHz MHz GHz B b kB KB Kb kb MB Mb GB Gb
  TB Tb PB KiB MiB GiB TiB bps kbps Mbps Gbps J kJ cal kcal K C F N Pa hPa bar psi mph kmh km/h m/s USD EUR GBP JPY CNY INR CHF CAD AUD $ BTC mol M mM am pm AM PM
  mg/dl mmol/l
`)
const UNIT_NAMES = words(`
  kilogram kilograms gram grams milligram milligrams ton tons tonne tonnes pound pounds ounce ounces stone meter meters metre metres centimeter centimeters
  centimetre centimetres millimeter millimeters kilometer kilometers kilometre kilometres mile miles foot feet inch inches yard yards liter liters litre
  litres milliliter milliliters gallon gallons pint pints quart quarts cup cups tablespoon tablespoons teaspoon teaspoons second seconds minute minutes hour
  hours day days week weeks month months year years decade decades century centuries millisecond milliseconds celsius fahrenheit kelvin degrees radians
  watt watts kilowatt kilowatts volt volts amp amps ampere amperes hertz byte bytes bit bits kilobyte kilobytes megabyte megabytes megabit megabits gigabyte
  gigabytes gigabit gigabits terabyte terabytes joule joules calorie calories dollar dollars euro euros yen yuan rupee rupees franc francs peso pesos cent
  cents acre acres hectare hectares knot knots percent percentage point points kilometern meilen pfund pouces milles kilomètres livres millas kilómetros libras
  公里 英里 公斤 磅 米 英尺 摄氏度 华氏度 美元 欧元 小时 分钟
`)

function words(list: string): ReadonlySet<string> {
  return new Set(list.trim().split(/\s+/))
}
