"""How the page for testers looks, and how it follows the session: both stand in the page, which loads nothing else."""

from __future__ import annotations

STYLE = """
:root{color-scheme:light dark;--met:#14692c;--bad:#a8071a;--warn:#7a4b00;--soft:#eef2f6;--link:#0b4f9e}
@media(prefers-color-scheme:dark){:root{--met:#7fdc95;--bad:#ff9c9c;--warn:#ffc966;--soft:#22272e;--link:#9ecbff}}
body{font:1rem/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1rem;overflow-wrap:anywhere}
code{user-select:all}
h1{font-size:1.4rem}h2{font-size:1.15rem}h3{font-size:1rem}h1,h2,h3,p{margin:.4rem 0}
.next{background:var(--soft);border-left:.3rem solid var(--link);padding:.5rem .75rem}
.wrong{border-left:.3rem solid var(--bad);padding:.1rem .75rem;margin:.75rem 0}
details{border-top:1px solid;padding:.3rem 0}
summary{cursor:pointer;padding:.2rem 0}
.wrong ul{padding-left:1.2rem}footer{border-top:1px solid;padding-top:.75rem}
ul.ticks{list-style:none;padding:0}
.mark{display:inline-block;min-width:1.2em;font-weight:bold}
.met{color:var(--met)}.failed,.trouble{color:var(--bad)}.warning{color:var(--warn)}
button,input{font:inherit;padding:.3rem .6rem;max-width:100%;box-sizing:border-box}
label{display:block}input{width:100%}
:focus-visible{outline:.2rem solid var(--link);outline-offset:.1rem}
"""
SCRIPT = """
const main=document.getElementById('main'),live=document.getElementById('live');
document.addEventListener('click',async event=>{
  const button=event.target.closest('[data-copy]');
  if(!button)return;
  const code=document.getElementById(button.dataset.copy);
  try{await navigator.clipboard.writeText(code.textContent);live.textContent='Copied '+code.textContent}
  catch{getSelection().selectAllChildren(code);live.textContent='Selected: copy it with the keyboard'}
});
async function follow(){
  const at=document.activeElement,typing=[...main.querySelectorAll('input')].some(each=>each.value);
  if(!typing)try{
    const text=await(await fetch(location.href,{headers:{Accept:'text/html'}})).text();
    const fresh=new DOMParser().parseFromString(text,'text/html').getElementById('main');
    for(const each of main.querySelectorAll('details[open]')){
      const same=fresh.querySelector('#'+CSS.escape(each.id));if(same)same.open=true}
    if(fresh.innerHTML!==main.innerHTML){
      const steps=[...main.querySelectorAll('summary,button,input')].indexOf(at);
      const key=at.id||(at.parentElement||{}).id,tag=at.tagName;
      main.innerHTML=fresh.innerHTML;
      if(steps>=0){const kept=key&&document.getElementById(key);
        const all=main.querySelectorAll('summary,button,input');
        const to=kept?(kept.tagName===tag?kept:kept.querySelector(tag)):all[steps];
        if(to)to.focus({preventScroll:true})}}
    if(live.dataset.lost){live.textContent='This page follows the session.';delete live.dataset.lost}
  }catch{live.textContent='The session does not answer: it has ended, or is being restarted.';live.dataset.lost='1'}
  setTimeout(follow,2000);
}
setTimeout(follow,2000);
"""
