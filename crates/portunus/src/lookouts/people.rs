//! Synthetic people: names as several parts of the world make them, dates of birth, nationalities; from a seed.
//!
//! Nothing here knows how names are matched: letters and schemes of transliteration are written down anew, from what
//! states and carriers do.

use crate::dice::Dice;
use jiff::civil::Date;

/// Where a name is from: how it is made, and how it is mangled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Origin {
    Cyrillic,
    Arabic,
    Hispanic,
    Germanic,
    English,
    Chinese,
    Vietnamese,
    Indian,
}

impl Origin {
    pub(crate) const ALL: [Self; 8] = [
        Self::Cyrillic,
        Self::Arabic,
        Self::Hispanic,
        Self::Germanic,
        Self::English,
        Self::Chinese,
        Self::Vietnamese,
        Self::Indian,
    ];
}

/// One person. Names stand as they are at home: in their own script where [`super::mangle`] knows how it is written.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) origin: Origin,
    pub(crate) family: Vec<String>,
    pub(crate) given: Vec<String>,
    pub(crate) born: Date,
    pub(crate) nationality: &'static str,
}

/// Draws a person.
pub(crate) fn person(dice: &mut Dice) -> Person {
    let origin = dice.any(&Origin::ALL);
    let (family, given) = match origin {
        Origin::Cyrillic => cyrillic(dice),
        Origin::Arabic => arabic(dice),
        Origin::Hispanic => hispanic(dice),
        Origin::Germanic => germanic(dice),
        Origin::English => english(dice),
        Origin::Chinese => chinese(dice),
        Origin::Vietnamese => vietnamese(dice),
        Origin::Indian => indian(dice),
    };
    let states: &[&str] = match origin {
        Origin::Cyrillic => &["RUS", "UKR", "BLR", "BGR", "KAZ"],
        Origin::Arabic => &["EGY", "MAR", "DZA", "SYR", "IRQ", "JOR"],
        Origin::Hispanic => &["MEX", "ESP", "COL", "ARG", "PER"],
        Origin::Germanic => &["D", "AUT", "SWE", "DNK", "NOR"],
        Origin::English => &["GBR", "IRL", "AUS", "CAN", "NZL"],
        Origin::Chinese => &["CHN", "TWN", "SGP", "MYS"],
        Origin::Vietnamese => &["VNM"],
        Origin::Indian => &["IND", "PAK", "BGD", "LKA", "NPL"],
    };
    Person { origin, family, given, born: born(dice), nationality: dice.frequent(states) }
}

/// Ages at a border run from 0 to 95, most of them from 20 to 60. One in forty has 1 January for a day not known.
fn born(dice: &mut Dice) -> Date {
    let year = 2024 - (dice.below(48) + dice.below(48)) as i16;
    if dice.chance(0.025) {
        return Date::constant(year, 1, 1);
    }
    let (month, day) = (1 + dice.below(12) as i8, 1 + dice.below(28) as i8);
    Date::constant(year, month, day)
}

fn words(list: &'static str) -> Vec<&'static str> {
    list.split_whitespace().collect()
}

macro_rules! list {
    ($name:ident, $words:literal) => {
        static $name: std::sync::LazyLock<Vec<&'static str>> = std::sync::LazyLock::new(|| words($words));
    };
}

list!(
    CYRILLIC_STEMS,
    "иван кузнец смирн поп василь петр сокол михайл новик федор мороз волк алексе лебед семен егор павл козл степан николаев орл андре макар никит захар зайц соловьёв борис яковл григор роман воробьёв серге кузьм фрол александр дмитри корол гусе кисел иль максим поляк сорокин виноград ковал бел медвед антон тарас жук баран филипп комар давыд беля герасим богдан осип сидор матве тит марк миронов крыл куликов карп влас мельник денис гаврил тихон казак афанас данил савель тимофе фомин чернышёв абрам мартын ефим федот щербак назар калин ларион игнат быч панфил рыбак шевч ткач бондар кравч олей мороч гнат юрк яцен щук жданов хом цвет чайк"
);
list!(CYRILLIC_ENDS, "ов ев ин ский енко чук юк як цкий ко ич");
list!(
    CYRILLIC_MEN,
    "Александр Сергей Дмитрий Андрей Алексей Максим Евгений Иван Михаил Николай Юрий Владимир Павел Артём Виктор Олег Игорь Константин Роман Денис Антон Василий Григорий Тимофей Станислав Вячеслав Леонид Фёдор Пётр Ярослав Георгий Кирилл Никита Эдуард Шамиль Рустам Тарас Богдан Мыкола Зорян"
);
list!(
    CYRILLIC_WOMEN,
    "Елена Анна Ольга Наталья Татьяна Ирина Мария Светлана Екатерина Юлия Людмила Галина Анастасия Дарья Ксения Виктория Надежда Любовь Валентина Евгения Полина Жанна Оксана Яна Зоя Алёна Щеслава Тамара Лидия Раиса"
);

fn cyrillic(dice: &mut Dice) -> (Vec<String>, Vec<String>) {
    let woman = dice.chance(0.5);
    let end = dice.frequent(&CYRILLIC_ENDS);
    let stem = format!("{}{}", dice.frequent(&CYRILLIC_STEMS), if dice.chance(0.15) { "ови" } else { "" });
    let mut family = format!("{stem}{end}");
    if woman && (family.ends_with("ов") || family.ends_with("ев") || family.ends_with("ин")) {
        family.push('а');
    } else if woman && family.ends_with("ский") {
        family.truncate(family.len() - "ий".len());
        family.push_str("ая");
    }
    let given = dice.frequent(if woman { &CYRILLIC_WOMEN } else { &CYRILLIC_MEN });
    (vec![family.to_uppercase()], vec![given.to_uppercase()])
}

list!(
    ARABIC_GIVEN,
    "MUHAMMAD AHMAD ALI HASAN HUSAYN MAHMUD IBRAHIM KHALID UMAR YUSUF MUSTAFA SAID ABDALLAH ABDULRAHMAN KHALIL JAMAL TARIQ NASIR FAISAL RASHID SALIM KARIM HAMZA BILAL ISMAIL ZAYNAB FATIMA AISHA MARYAM KHADIJA SAMIRA LAYLA NADIA HUDA AMINA SALMA RANIA GHADA DHAFIR QASIM WALID YASIN ZUHAYR SHARIF ADIL NABIL"
);
list!(
    ARABIC_STEMS,
    "BASR MASR HASHIM QURAYSH RASHID NAJJAR HADDAD KHATIB SAYYID SHAMM MAGHRIB TUNIS ZAHRAN HARB GHAMD QAHTAN OTAYB SHEHR DOSAR MUTAYR ZUBAYD TAMIM KINAN JABUR DULAYM SAMARRA TIKRIT ANBAR NAJAF KARBALA HALAB DIMASHQ HOMS HAMAW KURD TURKMAN SABBAGH KHAYYAT FARRA BANNA ASSAF KHOUR SALIB MANSUR AZIZ RAZZAQ QADIR WAHAB GHANIM FARHAN"
);
list!(ARABIC_ENDS, "I AWI ANI IYA ");

fn arabic(dice: &mut Dice) -> (Vec<String>, Vec<String>) {
    let article = dice.any(&["AL ", "EL ", "AL", "", ""]);
    let end = if dice.chance(0.8) { dice.frequent(&ARABIC_ENDS) } else { "" };
    let family = format!("{article}{}{end}", dice.frequent(&ARABIC_STEMS));
    let mut given = vec![dice.frequent(&ARABIC_GIVEN).to_owned()];
    if dice.chance(0.5) {
        given.push(dice.frequent(&ARABIC_GIVEN).to_owned());
    }
    (family.split(' ').map(str::to_owned).collect(), given)
}

list!(
    HISPANIC_FAMILY,
    "GARCIA RODRIGUEZ MARTINEZ HERNANDEZ LOPEZ GONZALEZ PEREZ SANCHEZ RAMIREZ TORRES FLORES RIVERA GOMEZ DIAZ CRUZ MORALES REYES GUTIERREZ ORTIZ CHAVEZ RAMOS RUIZ ALVAREZ MENDOZA VASQUEZ CASTILLO JIMENEZ MORENO ROMERO HERRERA MEDINA AGUILAR CASTRO VARGAS GUZMAN MUÑOZ VELAZQUEZ ROJAS SOTO CONTRERAS LUNA DELGADO ESTRADA ORTEGA NUÑEZ VALDEZ GUERRERO CABRERA ACOSTA PEÑA VEGA SANDOVAL CAMPOS MALDONADO FUENTES IBAÑEZ SALAZAR ESPINOZA PACHECO ZUÑIGA CORDERO QUINTERO ECHEVERRIA AVENDAÑO BUSTAMANTE ARANGO URIBE JARAMILLO ZAPATA OSPINA CARDONA BETANCUR OCAMPO MONTOYA SALDARRIAGA IRIGOYEN ETXEBERRIA GOIKOETXEA ARRIETA MENDIZABAL LARRAÑAGA"
);
list!(
    HISPANIC_GIVEN,
    "JOSE MARIA JUAN LUIS CARLOS JORGE MIGUEL ANTONIO FRANCISCO MANUEL PEDRO ANA ROSA CARMEN GUADALUPE MARGARITA JESUS ALEJANDRO FERNANDO RICARDO EDUARDO ROBERTO SERGIO DANIEL JAVIER RAFAEL ANGEL DIEGO ANDRES PABLO LUCIA SOFIA ELENA ISABEL PATRICIA GABRIELA VERONICA ADRIANA MONICA PILAR DOLORES BEATRIZ RAQUEL TERESA IÑIGO XIMENA JOAQUIN GUILLERMO HECTOR RAUL"
);

fn hispanic(dice: &mut Dice) -> (Vec<String>, Vec<String>) {
    let family = vec![dice.frequent(&HISPANIC_FAMILY).to_owned(), dice.frequent(&HISPANIC_FAMILY).to_owned()];
    let mut given = vec![dice.frequent(&HISPANIC_GIVEN).to_owned()];
    if dice.chance(0.6) {
        given.push(dice.frequent(&HISPANIC_GIVEN).to_owned());
    }
    (family, given)
}

list!(
    GERMANIC_HEADS,
    "MÜLL SCHMI SCHNEI FISCH WEB MEI WAGN BECK SCHULZ HOFF SCHÄF KOCH BAU RICH KLEI WOLF SCHRÖD NEU SCHWARZ ZIMM BRAU KRÜG HOF HART LANG WERN SCHMITZ KRAU LEHM KÖHL HERR KÖNIG WALT HUB KAIS FUCH PET SCHOL MÖLL WEISS JUNG HAHN SCHUB VOG FRIED KELL GÜNTH FRANK BERG WINKL ROTH BECKM LORENZ BAUM FRAN ALBR SCHUST SIMON LUDW BÖHM WINT KRAFT SCHUM JÄG GRÖN BJÖRK ÅKER STRÖM LIND ÖST SØREN HÅK NYGÅ"
);
list!(
    GERMANIC_TAILS,
    "ER T DT MANN BERG STEIN SEN SSON QUIST BORG LER NER HARDT INGER FELD BACH AU ICH STRÖM GREN HOLM DAHL"
);
list!(
    GERMANIC_GIVEN,
    "THOMAS MICHAEL ANDREAS PETER WOLFGANG KLAUS JÜRGEN GÜNTER STEFAN CHRISTIAN UWE HANS JÖRG RALF DIETER MATTHIAS ANNA MARIA URSULA MONIKA PETRA ELISABETH SABINE RENATE HELGA KARIN BRIGITTE BJÖRN SØREN ÅSA LARS NILS ERIK INGRID ASTRID KÄTHE BÄRBEL GÖRAN MÅNS JONAS LUKAS FELIX LEON"
);

fn germanic(dice: &mut Dice) -> (Vec<String>, Vec<String>) {
    let mut family = vec![format!("{}{}", dice.frequent(&GERMANIC_HEADS), dice.frequent(&GERMANIC_TAILS))];
    if dice.chance(0.06) {
        family.push(format!("{}{}", dice.frequent(&GERMANIC_HEADS), dice.frequent(&GERMANIC_TAILS)));
    }
    if dice.chance(0.03) {
        family.insert(0, "VON".to_owned());
    }
    let mut given = vec![dice.frequent(&GERMANIC_GIVEN).to_owned()];
    if dice.chance(0.4) {
        given.push(dice.frequent(&GERMANIC_GIVEN).to_owned());
    }
    (family, given)
}

list!(
    ENGLISH_HEADS,
    "SMI JON TAY BRO WIL DAV EVAN THOM JOHN ROB WRI WAL THOMP WHI HUGH EDWAR GREE HALL WOO HARR LEW MART JACK CLAR CLARK TURN HIL SCO COO MOR WAR MOO KIN WATS BAK HAR PATT ALL MITCH AND PHILL CAMP PAR ADA COL BELL STEV MURR GRA BEN SIMP ASHT BRAD CHES DUN ELL FARN GLAD HAMP KENS LANG MARL NEWT OAK PRES RUTH STAN TREL WENT"
);
list!(ENGLISH_TAILS, "TON SON FORD LEY TH ER S WELL MAN WOOD FIELD BY HAM WORTH LAND ES MORE RIDGE BURN DEN");
list!(
    ENGLISH_GIVEN,
    "JAMES JOHN ROBERT MICHAEL WILLIAM DAVID RICHARD JOSEPH THOMAS CHARLES MARY PATRICIA JENNIFER LINDA ELIZABETH BARBARA SUSAN JESSICA SARAH KAREN DANIEL MATTHEW ANTHONY MARK STEVEN PAUL ANDREW JOSHUA KENNETH KEVIN BRIAN GEORGE EDWARD CATHERINE STEPHEN PHILIP SEAN SIOBHAN NIALL AOIFE EMMA OLIVIA GRACE CHLOE OLIVER HARRY"
);

fn english(dice: &mut Dice) -> (Vec<String>, Vec<String>) {
    let front = if dice.chance(0.1) { dice.any(&["MC", "MAC", "O'"]) } else { "" };
    let mut family =
        vec![format!("{front}{}{}", dice.frequent(&ENGLISH_HEADS), dice.frequent(&ENGLISH_TAILS))];
    if dice.chance(0.05) {
        family.push(format!("{}{}", dice.frequent(&ENGLISH_HEADS), dice.frequent(&ENGLISH_TAILS)));
    }
    let mut given = vec![dice.frequent(&ENGLISH_GIVEN).to_owned()];
    if dice.chance(0.7) {
        given.push(dice.frequent(&ENGLISH_GIVEN).to_owned());
    }
    (family, given)
}

list!(
    CHINESE_FAMILY,
    "WANG LI ZHANG LIU CHEN YANG HUANG ZHAO WU ZHOU XU SUN MA ZHU HU GUO HE LIN GAO LUO ZHENG LIANG XIE SONG TANG HAN FENG YU DONG XIAO CHENG CAO YUAN DENG FU SHEN ZENG PENG LU SU JIANG CAI JIA DING WEI XUE YE YAN PAN DU DAI XIA ZHONG TIAN REN FAN FANG SHI YAO TAN OUYANG SITU"
);
list!(
    CHINESE_GIVEN,
    "WEI FANG MIN JING LEI QIANG JUN YANG YONG YAN JIE TAO CHAO XIU GUI PING GANG HAO BO LIN XIN HUI YU MING HUA FEI LING YING XIA HONG JIAN GUO ZHI WEN BIN QING RONG MEI DAN LAN YUE CHUN DONG HAI LONG NING SHU TING XUE YI ZE ZI RUI HAN CHEN KAI QI SI XIANG"
);

fn chinese(dice: &mut Dice) -> (Vec<String>, Vec<String>) {
    let mut given = vec![dice.frequent(&CHINESE_GIVEN).to_owned()];
    if dice.chance(0.8) {
        given.push(dice.frequent(&CHINESE_GIVEN).to_owned());
    }
    (vec![dice.frequent(&CHINESE_FAMILY).to_owned()], given)
}

list!(
    VIETNAMESE_FAMILY,
    "NGUYỄN NGUYỄN NGUYỄN TRẦN LÊ PHẠM HUỲNH HOÀNG PHAN VŨ VÕ ĐẶNG BÙI ĐỖ HỒ NGÔ DƯƠNG LÝ ĐINH TRƯƠNG MAI LÂM TRỊNH ĐOÀN"
);
list!(VIETNAMESE_MIDDLE, "VĂN THỊ HỮU ĐỨC NGỌC MINH THANH QUỐC XUÂN HOÀNG ANH KIM BẢO GIA TUẤN");
list!(
    VIETNAMESE_GIVEN,
    "ANH HÙNG DŨNG LAN HƯƠNG MINH TUẤN HOA THẢO LINH NAM PHƯƠNG HẢI LONG TRANG NGA HÀ THỦY QUANG SƠN CƯỜNG KHÁNH VY TÂM BÌNH PHÚC YẾN ĐẠT HIẾU LOAN TRUNG THẮNG NHUNG GIANG TÙNG KHOA DUY QUYÊN"
);

fn vietnamese(dice: &mut Dice) -> (Vec<String>, Vec<String>) {
    let mut given =
        vec![dice.frequent(&VIETNAMESE_MIDDLE).to_owned(), dice.frequent(&VIETNAMESE_GIVEN).to_owned()];
    if dice.chance(0.3) {
        given.insert(1, dice.frequent(&VIETNAMESE_GIVEN).to_owned());
    }
    (vec![dice.frequent(&VIETNAMESE_FAMILY).to_owned()], given)
}

list!(
    INDIAN_FAMILY,
    "KUMAR SINGH SHARMA PATEL GUPTA KHAN REDDY SHAH VERMA YADAV JAIN MEHTA RAO NAIR IYER DAS CHOUDHURY MUKHERJEE BANERJEE CHATTERJEE GHOSH BOSE DUTTA SEN ROY BISWAS MISHRA TIWARI PANDEY DUBEY SRIVASTAVA AGARWAL BANSAL GOYAL KAPOOR MALHOTRA CHOPRA BHATIA SETHI ANAND PERERA FERNANDO SILVA JAYAWARDENA WICKRAMASINGHE RAHMAN HOSSAIN ISLAM AHMED BEGUM QURESHI SIDDIQUI ANSARI MALIK BUTT CHAUDHRY THAPA GURUNG SHRESTHA RAI TAMANG VENKATARAMAN SUBRAMANIAM KRISHNAMURTHY RAMASWAMY NATARAJAN"
);
list!(
    INDIAN_GIVEN,
    "RAJESH SURESH RAMESH SANJAY VIJAY ANIL SUNIL AMIT RAHUL ROHIT DEEPAK MANOJ ASHOK VINOD PRAKASH RAVI KIRAN SUNITA ANITA KAVITA PRIYA POOJA NEHA MEENA LAKSHMI SARASWATI GEETA SEETA RADHA SHANTI VIKRAM ARJUN KARTHIK HARISH GANESH MAHESH NARESH DINESH MUKESH FAROOQ IMRAN SHAHID BILQIS NASREEN SHAKEEL VENKATESH BALAJI MURUGAN"
);

fn indian(dice: &mut Dice) -> (Vec<String>, Vec<String>) {
    let mut given = vec![dice.frequent(&INDIAN_GIVEN).to_owned()];
    if dice.chance(0.3) {
        given.push(dice.frequent(&INDIAN_GIVEN).to_owned());
    }
    // One in twenty has a single name: it is the family name of the document.
    if dice.chance(0.05) {
        return (given, Vec::new());
    }
    (vec![dice.frequent(&INDIAN_FAMILY).to_owned()], given)
}
