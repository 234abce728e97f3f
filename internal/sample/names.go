package sample

import (
	"fmt"
	"strings"

	"github.com/aikagi/aikagi"
)

// name is a family or given name as it is written and as it is typed.
type name struct{ kanji, romaji string }

func familyNames() []name {
	return pairs("佐藤 sato 鈴木 suzuki 高橋 takahashi 田中 tanaka 伊藤 ito 渡辺 watanabe 山本 yamamoto 中村 nakamura " +
		"小林 kobayashi 加藤 kato 吉田 yoshida 山田 yamada 佐々木 sasaki 山口 yamaguchi 松本 matsumoto 井上 inoue " +
		"木村 kimura 林 hayashi 清水 shimizu 斎藤 saito 山崎 yamazaki 森 mori 池田 ikeda 橋本 hashimoto")
}

func givenNames() []name {
	return pairs("花子 hanako 一郎 ichiro 美咲 misaki 健太 kenta 由美 yumi 直樹 naoki 彩 aya 大輔 daisuke " +
		"恵 megumi 翔 sho 真理 mari 拓也 takuya 陽子 yoko 誠 makoto 桃子 momoko 亮 ryo")
}

func pairs(text string) []name {
	words := strings.Fields(text)
	names := make([]name, 0, len(words)/2)
	for i := 0; i+1 < len(words); i += 2 {
		names = append(names, name{words[i], words[i+1]})
	}
	return names
}

// person makes the n-th person of an instance; the same n gives the same one.
func person(i aikagi.Instance, n int) aikagi.User {
	family, given := familyNames(), givenNames()
	f, g := family[n%len(family)], given[(n/len(family)+n*7)%len(given)]
	username := f.romaji + "." + g.romaji
	if round := n / (len(family) * len(given)); round > 0 {
		username += fmt.Sprintf("%d", round+1)
	}
	return aikagi.User{
		InstanceID: i.ID, ID: aikagi.UserID(aikagi.NewID()), Username: aikagi.Username(username),
		FirstName: g.kanji, LastName: f.kanji, Email: aikagi.Email(username + "@" + i.Alias + ".example"),
		Phone: aikagi.PhoneConfig{Type: aikagi.SoftPhone}, Enabled: true,
	}
}
